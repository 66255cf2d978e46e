import json,sys
print(json.dumps({'Version': 1, 'SecretAccessKey': 'HUSH-proc-key'}))
