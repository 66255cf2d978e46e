import json,sys
print(json.dumps({'Version': 1, 'AccessKeyId': 'AKID-proc', 'SecretAccessKey': 'HUSH-proc-key', 'SessionToken': ['HUSH-proc-token']}))
