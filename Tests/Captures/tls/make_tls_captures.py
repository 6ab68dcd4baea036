#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the captures of TLS beside it: nginx with curl, h2load and openssl s_client, in a network namespace of its own.

    sudo unshare -n Tests/Captures/tls/make_tls_captures.py [NAME...]

Each capture comes with the key log that its client wrote, and with the ground truth: requests, sites, statuses and
sections of the server's own log.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
SITES = ("shop.example", "api.example", "gone.example")
CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;
events {{ }}
http {{
  log_format requests '$host $status $request_uri'; access_log {folder}/access requests; keepalive_requests 100000;
  {temporary}
  ssl_certificate {folder}/cert; ssl_certificate_key {folder}/key; ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen 443 ssl {http2}; {settings}
    location / {{ return 200 "hello\\n"; }}
    location /missing {{ return 404; }}
    location /file {{ root {folder}; }}
    location /upload {{ proxy_pass http://127.0.0.1:8081/; }}
  }}
  server {{ listen 127.0.0.1:8081; access_log off; location / {{ return 201 "made\\n"; }} }}
}}
"""
# Name, further settings of the server, whether it speaks HTTP/2, further options of the client.
SCENARIOS = {
    "tls13-aes128": ("ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;", False, []),
    "tls13-aes256": ("ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;", False, []),
    "tls13-chacha20": ("ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;", False, []),
    "tls13-retry": ("ssl_ecdh_curve secp384r1;", False, []),
    "tls13-http2": ("", True, ["--http2"]),
    "tls12-aes128": ("ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;", False, ["--tls-max", "1.2"]),
    "tls12-aes256": ("ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384;", False, ["--tls-max", "1.2"]),
    "tls12-chacha20": ("ssl_ciphers ECDHE-RSA-CHACHA20-POLY1305;", False, ["--tls-max", "1.2"]),
    "tls12-http2": ("ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;", True, ["--http2", "--tls-max", "1.2"]),
    "tls12-cbc-sha": ("ssl_ciphers ECDHE-RSA-AES128-SHA;", False, ["--tls-max", "1.2"]),
    "tls12-cbc-sha256": ("ssl_ciphers AES256-SHA256;", False, ["--tls-max", "1.2"]),
    "tls12-cbc-sha384": ("ssl_ciphers ECDHE-RSA-AES256-SHA384;", False, ["--tls-max", "1.2"]),
    "tls12-cbc-mac-first": (
        "ssl_ciphers ECDHE-RSA-AES256-SHA; ssl_conf_command Options -EncryptThenMac;",
        False,
        ["--tls-max", "1.2"],
    ),
    "tls12-resumed": ("ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; ssl_session_cache shared:a:1m;", False, None),
    "tls13-resumed": ("", False, None),
    "tls13-early-data": ("ssl_early_data on;", False, None),
    "tls13-key-update": ("", False, None),
}


def run(*command, **settings):
    return subprocess.run(command, check=True, capture_output=True, **settings)


def curl(folder, more):
    """Several requests on one connection for each site: small ones, a failure, and for one a large body and an upload."""
    environment = dict(os.environ, SSLKEYLOGFILE=f"{folder}/keys")
    for site in SITES:
        urls = ["/", "/section/page?x=1", "/missing", "/after"]
        if site == SITES[0]:
            urls.insert(3, "/file/large")
        command = ["curl", "-sk", *more, "--resolve", f"{site}:443:127.0.0.1"]
        command += [part for url in urls for part in (f"https://{site}{url}", "-o", "/dev/null")]
        if site == SITES[0]:
            command += ["--next", "-sk", *more, "--resolve", f"{site}:443:127.0.0.1", "-o", "/dev/null"]
            command += ["--data-binary", f"@{folder}/file/large", f"https://{site}/upload"]
        run(*command, env=environment)


def client(folder, text, *more):
    """What openssl s_client sends line by line: a request each, or what the client is asked to do."""
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", "127.0.0.1:443", "-servername", "shop.example", "-keylogfile", f"{folder}/keys", *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for part in text:
        time.sleep(0.4)
        process.stdin.write(part.encode())
        process.stdin.flush()
    time.sleep(0.4)
    process.stdin.close()
    process.wait(20)


def request(path, last=False):
    return f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: {'close' if last else 'keep-alive'}\r\n\r\n"


def drive(name, folder, more):
    if more is not None:
        return curl(folder, more)
    version = "-tls1_2" if name.startswith("tls12") else "-tls1_3"
    if name == "tls13-key-update":
        # A line that begins with K or k has the client send a KeyUpdate, and with K ask for one.
        lines = [request("/first"), "K\n", request("/second"), "k\n", request("/third"), "K\n", request("/fourth", True)]
        return client(folder, lines, version)
    client(folder, [request("/first", True)], version, "-sess_out", f"{folder}/session")
    if name == "tls13-early-data":
        (folder / "early").write_text(request("/early"))
        client(folder, [request("/late", True)], version, "-sess_in", f"{folder}/session", "-early_data", f"{folder}/early")
    else:
        client(folder, [request("/again", True)], version, "-sess_in", f"{folder}/session")


def truth(folder):
    lines = [line.split() for line in (folder / "access").read_text().splitlines()]
    return {
        "requests": len(lines),
        "responses": len(lines),
        "sites": dict(Counter(site for site, _, _ in lines)),
        "statuses": dict(Counter(status for _, status, _ in lines)),
        "failures": sum(int(status) >= 400 for _, status, _ in lines),
        "sections": dict(Counter("/" + path[1:].split("?")[0].split("/")[0] for _, _, path in lines)),
    }


def make(name, settings, http2, more):
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "file").mkdir()
    (folder / "file" / "large").write_bytes(os.urandom(20_000))
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/key", "-out", f"{folder}/cert", "-subj", "/CN=shop.example")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    configuration = CONFIGURATION.format(
        folder=folder, temporary=temporary, http2="http2" if http2 else "", settings=settings)
    (folder / "conf").write_text(configuration)
    server = subprocess.Popen(["nginx", "-c", f"{folder}/conf", "-e", f"{folder}/errors"])
    capture = subprocess.Popen(
        ["tcpdump", "-i", "lo", "-U", "-w", f"{folder}/pcap", "tcp port 443"], stderr=subprocess.PIPE
    )
    capture.stderr.readline()
    time.sleep(0.5)
    try:
        drive(name, folder, more)
        time.sleep(0.5)
    finally:
        capture.terminate()
        server.terminate()
        capture.wait()
        server.wait()
    shutil.copy(folder / "pcap", HERE / f"{name}.pcap")
    shutil.copy(folder / "keys", HERE / f"{name}.keys")
    result = truth(folder)
    (HERE / f"{name}.truth.json").write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    shutil.rmtree(folder)
    print(name, result["requests"], result["statuses"])


def main():
    run("ip", "link", "set", "lo", "mtu", "1500", "up")
    for name, scenario in SCENARIOS.items():
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, *scenario)


if __name__ == "__main__":
    main()
