"""The options of curl that the documents use, for machines without curl."""

import argparse
import sys
import urllib.error
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("-s", action="store_true")
parser.add_argument("-i", action="store_true")
parser.add_argument("-X", dest="method")
parser.add_argument("-H", dest="headers", action="append", default=[])
parser.add_argument("-d", dest="data")
parser.add_argument("url")
options = parser.parse_args()

request = urllib.request.Request(  # noqa: S310
    options.url,
    method=options.method,
    data=options.data.encode() if options.data is not None else None,
    headers=dict(header.split(": ", 1) for header in options.headers),
)
try:
    response = urllib.request.urlopen(request)  # noqa: S310
except urllib.error.HTTPError as error:
    response = error
if options.i:
    sys.stdout.write(f"HTTP/1.1 {response.status} {response.reason}\n{response.headers}")
sys.stdout.write(response.read().decode())
