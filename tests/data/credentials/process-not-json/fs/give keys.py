print('key: HUSH-proc-key')
