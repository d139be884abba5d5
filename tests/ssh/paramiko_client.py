"""The smallest client of paramiko: stdin, stdout, stderr and the exit status of one exec line.

    paramiko_client.py PORT KEY LINE [SIGNATURE…]

SIGNATUREs are those that an RSA key may not make.
"""
import os
import sys
import threading

import paramiko

port, key, line, *without = sys.argv[1:]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect(
    "127.0.0.1",
    int(port),
    "miek",
    key_filename=key,
    allow_agent=False,
    look_for_keys=False,
    disabled_algorithms={"pubkeys": without},
)
channel = client.get_transport().open_session()
channel.exec_command(line)


def feed():
    while chunk := os.read(0, 65536):
        channel.sendall(chunk)
    channel.shutdown_write()


def copy(receive, sink):
    while chunk := receive(65536):
        sink.buffer.write(chunk)
        sink.flush()


threads = [
    threading.Thread(target=copy, args=(channel.recv, sys.stdout)),
    threading.Thread(target=copy, args=(channel.recv_stderr, sys.stderr)),
]
threading.Thread(target=feed, daemon=True).start()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
status = channel.recv_exit_status()
client.close()
# Not sys.exit, which minds the thread that may still wait for stdin.
os._exit(status % 256)
