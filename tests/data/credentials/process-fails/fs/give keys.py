import sys
print('HUSH-proc-key')
print('vault is sealed',file=sys.stderr)
sys.exit(3)
