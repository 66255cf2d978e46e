import json,sys
print(json.dumps({'Version': 2, 'AccessKeyId': 'AKID-proc', 'SecretAccessKey': 'HUSH-proc-key'}))
