import sys
assert sys.argv[1:] == ['--for', 'me'], sys.argv
import json,sys
print(json.dumps({'Version': 1, 'AccessKeyId': 'AKID-proc', 'SecretAccessKey': 'HUSH-proc-key'}))
