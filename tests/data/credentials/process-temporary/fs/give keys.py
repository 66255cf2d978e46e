import json,sys
print(json.dumps({'Version': 1, 'AccessKeyId': 'AKID-proc', 'SecretAccessKey': 'HUSH-proc-key', 'SessionToken': 'HUSH-proc-token', 'Expiration': '2026-01-01T13:00:00Z', 'AccountId': '123456789012'}))
