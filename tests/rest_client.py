"""rest_client.py - a REST client made from /api/v1/openapi.json alone: which parameter goes where, what
an answer must look like. It sends nothing and takes nothing that is not described there."""
import http.client
import json
import urllib.parse


class Wrong(Exception):
    """An answer, or a call, other than described."""


class Api:
    def __init__(self, url):
        self.at = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=20)
        self.spec = self.plain("GET", "/api/v1/openapi.json")[2]
        self.operations = {op["operationId"]: (method.upper(), path, op)
                           for path, methods in self.spec["paths"].items() for method, op in methods.items()}
        self.used = {name: set() for name in self.operations}

    def plain(self, method, path, headers={}, body=None):
        """Status, headers in lower case, and the body as JSON, if it is some."""
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        known = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, known, json.loads(text) if text and "json" in known.get("content-type", "") else text

    def request(self, name, key=None, /, text=None, **given):
        """Method, target, headers and body."""
        method, path, op = self.operations[name]
        headers = {"Authorization": "Bearer " + key} if key else {}
        query = {}
        for p in op["parameters"]:
            field = p["name"].replace("-", "_")
            if field not in given:
                continue
            value = given.pop(field)
            if p["in"] == "path":
                path = path.replace("{%s}" % p["name"], urllib.parse.quote(str(value), safe=""))
            elif p["in"] == "header":
                headers[p["name"]] = value
            else:
                query[p["name"]] = str(value).lower() if isinstance(value, bool) else str(value)
        if query:
            path += "?" + urllib.parse.urlencode(query)
        kinds = op.get("requestBody", {}).get("content", {})
        body = None
        if text is not None:
            if "text/plain" not in kinds:
                raise Wrong("%s takes no text" % name)
            headers["Content-Type"], body = "text/plain", text.encode()
        elif kinds:
            unknown = set(given) - set(kinds["application/json"]["schema"]["properties"])
            if unknown:
                raise Wrong("%s has no %s" % (name, unknown))
            headers["Content-Type"], body = "application/json", json.dumps(given).encode()
        elif given:
            raise Wrong("%s has no %s" % (name, set(given)))
        return method, path, headers, body

    def call(self, name, key=None, /, headers={}, **given):
        """The status and the answer, which must be as described."""
        method, path, own, body = self.request(name, key, **given)
        status, got, answer = self.plain(method, path, {**own, **headers}, body)
        self.used[name].add(status)
        self.check(name, status, got, answer)
        return status, answer

    def check(self, name, status, headers, answer):
        responses = self.operations[name][2]["responses"]
        if str(status) not in responses:
            raise Wrong("%s answered %d, which is not described: %s" % (name, status, answer))
        content = self.resolve(responses[str(status)]).get("content")
        if not content:
            return
        kind = headers.get("content-type", "").split(";")[0]
        if kind not in content:
            raise Wrong("%s answered %s as %s" % (name, status, kind))
        self.fits(content[kind]["schema"], answer, name)

    def resolve(self, schema):
        while "$ref" in schema:
            at = self.spec
            for part in schema["$ref"].split("/")[1:]:
                at = at[part]
            schema = at
        return schema

    def fits(self, schema, value, where):
        schema = self.resolve(schema)
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        kind = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string",
                list: "array", dict: "object"}[type(value)]
        if kinds and kind not in kinds:
            raise Wrong("%s: %s where %s was described" % (where, kind, kinds))
        if "enum" in schema and value not in schema["enum"]:
            raise Wrong("%s: %s is not among %s" % (where, value, schema["enum"]))
        if kind == "array":
            if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
                raise Wrong("%s: %d items" % (where, len(value)))
            for item in value:
                self.fits(schema.get("items", {}), item, where + "[]")
        if kind == "object" and "properties" in schema:
            missing = set(schema.get("required", [])) - set(value)
            if missing:
                raise Wrong("%s: without %s" % (where, missing))
            for name, part in value.items():
                if name not in schema["properties"]:
                    raise Wrong("%s: with %s" % (where, name))
                self.fits(schema["properties"][name], part, where + "." + name)


class Stream:
    """The events of a topic, on a connection of their own."""

    def __init__(self, api, key, topic, **given):
        method, path, headers, _ = api.request("topic_stream", key, topic=topic, **given)
        self.connection = http.client.HTTPConnection(api.at.hostname, api.at.port, timeout=20)
        self.connection.request(method, path, None, headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        api.used["topic_stream"].add(self.status)
        self.last = given.get("Last_Event_ID")

    def read(self):
        """Kind and data; None at the end."""
        kind = data = None
        while True:
            line = self.answer.readline().decode()
            if not line:
                return None
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                data = value
            elif name == "id":
                self.last = value
            elif not name and kind:
                return kind, json.loads(data)

    def next(self, *kinds):
        """The next one that is no heartbeat, and of one of the kinds, if any are named."""
        while True:
            event = self.read()
            if event is None or (event[0] != "heartbeat" and (not kinds or event[0] in kinds)):
                return event

    def close(self):
        self.connection.sock and self.connection.sock.close()
        self.answer.close()
        self.connection.close()
