import json,sys
print(json.dumps({'Version': 1, 'AccessKeyId': 'AKID-proc', 'SecretAccessKey': 'HUSH-proc-key', 'Expiration': '2026-01-01T11:59:00Z'}))
