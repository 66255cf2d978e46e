"""The floor with the standard library's HTTP: http.client, hashlib, lxml; no errors handled."""

import http.client

from rivals import floor


def sync(url):
    connection = http.client.HTTPConnection(url.removeprefix("http://"))

    def stop(ids):
        body, headers = floor.signed(url, ids)
        connection.request("POST", "/", body, headers)
        return floor.parsed(connection.getresponse().read())

    return stop
