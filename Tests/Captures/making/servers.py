# SPDX-License-Identifier: Apache-2.0
"""Real servers, each on its own address, each with a log of JSON lines."""

import os
import subprocess
import time

from . import asgi_server, grpc_peers, raw_server, stdlib_server
from .lab import address, address6

HERE = os.path.dirname(os.path.abspath(__file__))
FORMAT = '{"request":"$request","host":"$http_host","status":"$status","grpc":"$sent_http_grpc_status$sent_trailer_grpc_status"}'


def log(lab, server):
    """Where a server writes its log."""
    return f"{lab.folder}/{server}.log"


def files(lab):
    """A hundred small files and some others that the file servers serve."""
    root = f"{lab.folder}/www"
    os.makedirs(f"{root}/many", exist_ok=True)
    os.makedirs(f"{root}/drive", exist_ok=True)
    for number in range(100):
        with open(f"{root}/many/{number}.txt", "w") as file:
            file.write(f"file {number}\n")
    links = "".join(f'<a href="/many/{number}.txt">{number}</a>' for number in range(100))
    for name, text in (("index.html", "hello\n"), ("many/index.html", links), ("drive/a.txt", "a" * 300)):
        with open(f"{root}/{name}", "w") as file:
            file.write(text)
    subprocess.run(["chmod", "-R", "a+rwX", lab.folder], check=True)
    return root


def nginx(lab):
    """nginx: static files, fixed answers, HTTP/2 on port 81, before gRPC's server on 82, after a PROXY header on 83, before
    gRPC's server without a limit of time or a deadline on 84."""
    root, here = files(lab), lab.folder
    places = f"""
      root {root}; client_max_body_size 1m; large_client_header_buffers 8 32k; keepalive_requests 100000; if_modified_since before;
      location = /missing {{ return 404 "no\\n"; }} location = /broken {{ return 500 "no\\n"; }}
      location = /moved {{ return 302 /; }} location = /nothing {{ return 204; }}
      location = /busy {{ return 503 "no\\n"; }} location /api {{ return 200 "ok\\n"; }}
    """
    listens = "".join(
        f"listen {address('nginx')}:{port}{more}; listen [{address6('nginx')}]:{port}{more}; "
        for port, more in ((80, ""), (8080, ""))
    )
    with open(f"{here}/nginx.conf", "w") as file:
        file.write(f"""
daemon off; master_process off; pid {here}/nginx.pid; error_log {here}/nginx.err;
events {{ worker_connections 512; }}
http {{
  log_format truth escape=json '{FORMAT}'; access_log {log(lab, 'nginx')} truth;
  client_body_temp_path {here}/t1; proxy_temp_path {here}/t2; fastcgi_temp_path {here}/t3;
  uwsgi_temp_path {here}/t4; scgi_temp_path {here}/t5; default_type text/plain; types {{ text/html html; }}
  server {{ {listens} {places} }}
  server {{ listen {address('nginx')}:81 http2; {places} }}
  server {{ listen {address('nginx')}:82 http2; location / {{ grpc_pass grpc://{address('grpc')}:50051; grpc_set_header Host $http_host; grpc_read_timeout 300ms; }} }}
  server {{ listen {address('nginx')}:84 http2; location / {{ grpc_pass grpc://{address('grpc')}:50051; grpc_set_header Host $http_host; grpc_set_header grpc-timeout ""; }} }}
  server {{ listen {address('nginx')}:83 http2 proxy_protocol; {places} }}
}}
""")
    lab.start(["nginx", "-c", f"{here}/nginx.conf"], stderr=subprocess.DEVNULL)


def apache(lab):
    """Apache: static files, WebDAV under /drive, a forward proxy that also grants CONNECT to nginx."""
    root, here = files(lab), lab.folder
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in "mpm_event authz_core authz_host dav dav_fs dir http2 mime alias proxy proxy_http proxy_connect".split()
    )
    with open(f"{here}/apache.conf", "w") as file:
        file.write(f"""
{modules}
ServerName apache.test
PidFile {here}/apache.pid
ErrorLog {here}/apache.err
Listen {address('apache')}:80
Listen [{address6('apache')}]:80
Listen {address('apache')}:81
TypesConfig /etc/mime.types
DavLockDB {here}/davlock
DocumentRoot {root}
LimitRequestFieldSize 32000
LogFormat "{{\\"request\\":\\"%r\\",\\"host\\":\\"%{{Host}}i\\",\\"status\\":\\"%>s\\",\\"pushed\\":\\"%{{H2_PUSHED}}e\\"}}" truth
CustomLog {log(lab, 'apache')} truth
ProxyRequests On
AllowCONNECT 80
ProxyVia Off
<Proxy *>
Require ip 10.78.0.0/24
</Proxy>
<Directory {root}>
Require all granted
</Directory>
<Directory {root}/drive>
Dav On
</Directory>
<VirtualHost {address('apache')}:81>
Protocols h2c http/1.1
<Location /many/3.txt>
H2PushResource /many/4.txt
</Location>
</VirtualHost>
""")
    subprocess.run(["chmod", "a+rwx", here], check=True)
    lab.start(["apache2", "-X", "-f", f"{here}/apache.conf"], stderr=subprocess.DEVNULL)


def haproxy(lab):
    """HAProxy before nginx, the raw server and gRPC's: reuses backend connections, refuses /forbidden itself."""
    here = lab.folder
    with open(f"{here}/haproxy.cfg", "w") as file:
        file.write(f"""
global
  log stdout format raw local0
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  http-reuse always
frontend rpc
  bind {address('haproxy')}:82 proto h2
  default_backend rpc
backend rpc
  server g {address('grpc')}:50051 proto h2
frontend f
  bind {address('haproxy')}:80
  bind {address('haproxy')}:81 proto h2
  log global
  capture request header Host len 128
  log-format '{{"method":"%HM","target":"%HU","host":"%[capture.req.hdr(0)]","status":%ST}}'
  http-request deny deny_status 403 if {{ path_beg /forbidden }}
  use_backend raw if {{ path_beg /chunked }}
  default_backend nginx
backend nginx
  server n {address('nginx')}:80
backend raw
  server r {address('raw')}:80
""")
    output = open(log(lab, "haproxy"), "w")
    lab.start(["haproxy", "-db", "-f", f"{here}/haproxy.cfg"], stdout=output, stderr=subprocess.DEVNULL)


def node(lab):
    """Node: chunked, trailers, interim responses, upgrades and CONNECT by its own HTTP module; HTTP/2 on port 81."""
    lab.start(["node", f"{HERE}/server.js", address("node"), log(lab, "node"), address("nginx")])
    lab.start(["node", f"{HERE}/server_http2.js", address("node"), log(lab, "node")])


def start_all(lab):
    """Starts every server; returns their names."""
    for begin in (nginx, apache, haproxy, node):
        begin(lab)
    lab.inside(lab.server, raw_server.serve, address("raw"), log(lab, "raw"), wait=False)
    lab.inside(lab.server, stdlib_server.serve, address("stdlib"), log(lab, "stdlib"), wait=False)
    lab.inside(lab.server, grpc_peers.serve, address("grpc"), log(lab, "grpc"), wait=False)
    lab.inside(lab.server, asgi_server.serve, address("hypercorn"), log(lab, "hypercorn"), wait=False)
    names = ["nginx", "apache", "haproxy", "raw", "stdlib", "node", "hypercorn"]
    for name in names:
        wait_for(lab, name)
    # Its clients wait until it is ready.
    return names + ["grpc"]


def wait_for(lab, name):
    """Returns when a server accepts connections."""
    for _ in range(100):
        if "open" in lab.run("sh", "-c", f"curl -s -o /dev/null --max-time 2 http://{address(name)}/ && echo open",
                          may_fail="nobody may listen yet"):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{name} does not answer")
