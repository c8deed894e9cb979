#!/usr/bin/env -S python3 -B
"""authority-test.py CLAUDEMESH BROKER - every message and every call, by everybody who may not: without
credentials, with another mesh's ids, with each role and each kind of key. What there is comes from
`claudemesh-broker protocol`; one that has no line here fails. TAP on stdout."""
import asyncio
import base64
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

import people
from people import environment, make_mesh, play, run, start_broker, verdict, work

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "soak"))
from peer import Closed, Ledger, Member  # noqa: E402

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
ALONE = dict(CLAUDEMESH_NO_DAEMON="1")
EVERYBODY, ADMINS = ("owner", "admin", "member"), ("owner", "admin")
NONCE, BODY, KEY64, KEY128 = base64.b64encode(b"n" * 24).decode(), base64.b64encode(b"body").decode(), "ab" * 32, "ab" * 64
# What stands where an id is wanted: of the other mesh, and of nobody. Same form, so that the answers can be compared.
NOBODY = dict(topic="0" * 32, memberId="0" * 32, messageId="0" * 32, invite="0" * 32, target="cd" * 32, id="0" * 32)

# type: who may, and an example with which it is tried. {x} is an id of the mesh, see World.ids().
MESSAGES = {
    "send": (EVERYBODY, dict(targetSpec="{target}", nonce=NONCE, ciphertext=BODY)),
    "client_ack": (EVERYBODY, dict(brokerMessageId="{messageId}")),
    "message_status": (EVERYBODY, dict(messageId="{messageId}")),
    "list_peers": (EVERYBODY, dict(members=True)),
    "set_status": (EVERYBODY, dict(status="idle")),
    "set_summary": (EVERYBODY, dict(summary="x")),
    "set_visible": (EVERYBODY, dict(visible=True)),
    "set_profile": (EVERYBODY, dict(title="x")),
    "set_stats": (EVERYBODY, dict(stats=dict(toolCalls=1))),
    "set_reach": (EVERYBODY, dict(reach="now")),
    "member_update": (ADMINS, dict(memberId="{memberId}", roleTag="x")),
    "kick": (ADMINS, dict(target="{target}")),
    "disconnect": (ADMINS, dict(target="{target}")),
    "ban": (ADMINS, dict(target="{target}")),
    "unban": (ADMINS, dict(target="{target}")),
    "list_bans": (ADMINS, {}),
    "grants_set": (EVERYBODY, dict(grants={"{target}": None})),
    "grants_get": (EVERYBODY, {}),
    "permissions_get": (ADMINS, dict(memberId="{memberId}")),
    "permissions_set": (ADMINS, dict(memberId="{memberId}", permissions=dict(canSend=True))),
    "join_group": (EVERYBODY, dict(name="g")),
    "leave_group": (EVERYBODY, dict(name="g")),
    "share_skill": (EVERYBODY, dict(name="s-{who}", description="d", instructions="i")),
    "get_skill": (EVERYBODY, dict(name="s")),
    "list_skills": (EVERYBODY, {}),
    "remove_skill": (EVERYBODY, dict(name="s-{who}")),
    "topic_create": (EVERYBODY, dict(name="made-by-{who}", plaintext=True)),
    "topic_list": (EVERYBODY, {}),
    "topic_join": (EVERYBODY, dict(topic="{topic}")),
    "topic_members": (EVERYBODY, dict(topic="{topic}")),
    "topic_member_set": (ADMINS, dict(topic="{topic}", memberId="{memberId}", role="member")),
    "topic_member_remove": (ADMINS, dict(topic="{topic}", memberId="{memberId}")),
    "topic_history": (EVERYBODY, dict(topic="{topic}")),
    "topic_mark_read": (EVERYBODY, dict(topic="{topic}")),
    "topic_leave": (EVERYBODY, dict(topic="{topic}")),
    "notification_list": (EVERYBODY, {}),
    "notification_read": (EVERYBODY, dict(ids=["{messageId}"])),
    "topic_key_get": (EVERYBODY, dict(topic="{topic}")),
    "topic_pending_seals": (EVERYBODY, dict(topic="{topic}")),
    "topic_seal": (EVERYBODY, dict(topic="{topic}", epoch=1, memberId="{memberId}", encryptedKey=BODY, nonce=NONCE)),
    "topic_key_drop": (EVERYBODY, dict(topic="{topic}", epoch=1)),
    "topic_key_install": (EVERYBODY, dict(topic="{topic}", newKey=dict(epoch=1, copies=[]))),
    "apikey_create": (EVERYBODY, dict(label="x")),
    "apikey_list": (EVERYBODY, {}),
    "apikey_revoke": (EVERYBODY, dict(id="{id}")),
    "bearer_token": (EVERYBODY, {}),
    "audit_query": (ADMINS, {}),
    "audit_verify": (ADMINS, {}),
    "audit_rows": (ADMINS, {}),
    "audit_checkpoint": (ADMINS, {}),
    "invite_make": (ADMINS, dict(role="member")),
    "invite_list": (ADMINS, {}),
    "invite_revoke": (ADMINS, dict(invite="{invite}")),
    # For whoever has the owner's word for it, which is a signature.
    "member_confirm": (EVERYBODY, dict(memberId="{memberId}", invite_id="{invite}", invite_pubkey=KEY64, expires_at=2000000000, x25519="A" * 43,
                                   owner_signature=KEY128, claim_signature=KEY128)),
    "root_key_get": (EVERYBODY, {}),
    "account_link": (EVERYBODY, dict(token="x.y.z")),
    "mesh_activity": (EVERYBODY, {}),
    "device_code": (EVERYBODY, dict(code=KEY64, expiresAt=2000000000, signature=KEY128, introduction=BODY)),
    "device_wait": (EVERYBODY, {}),
    "device_remove": (EVERYBODY, dict(memberId="{memberId}")),
    "mesh_rename": (("owner",), dict(name="demo")),
    # Another slug than the mesh's closes nothing: only whether it is for this role is asked.
    "mesh_archive": (("owner",), dict(slug="no-such-mesh")),
    "mesh_delete": (("owner",), dict(slug="no-such-mesh")),
    # Last: it ends the connection.
    "leave_mesh": (("admin", "member"), {}),
}
# Ends the membership, so that nothing could be tried after it; is answered when a device comes. tests/mod-*.conv and
# device-*.conv have them.
NOT_TRIED = {"leave_mesh", "device_wait"}
SILENT = {"client_ack"}
ID_MEMBERS = re.compile(r"\{(topic|memberId|messageId|invite|target|id)\}")

# Calls that need an account: without one, or with one of nobody, 401.
ACCOUNT_CALLS = {
    "cli_grants": ("POST", "/cli/mesh/{slug}/grants", dict(grants={})),
    "cli_permissions": ("GET", "/cli/mesh/{slug}/permissions", None),
    "cli_permissions_set": ("POST", "/cli/mesh/{slug}/permissions", dict(member_id="x", permissions={}, requester_id="x")),
    "cli_mesh_rename": ("PATCH", "/api/cli/meshes/{slug}", dict(slug="other-slug")),
    "cli_mesh_delete": ("DELETE", "/cli/mesh/{slug}", None),
    "my_mesh_archive": ("POST", "/api/my/meshes/{slug}/archive", {}),
    "cli_meshes": ("GET", "/cli/meshes", None),
    "my_meshes": ("GET", "/api/my/meshes", None),
    "profile_get": ("GET", "/api/my/profile", None),
    "profile_set": ("POST", "/api/my/profile", dict(name="x")),
    "session_list": ("GET", "/cli/sessions", None),
    "session_end": ("POST", "/cli/sessions/x/revoke", {}),
    "cli_token": ("POST", "/cli/token", dict(user_id="x", email="a@b.example")),
    "cli_sync_token": ("POST", "/api/cli-sync-token", dict(action="sync", meshes=[])),
    "device_login_look": ("GET", "/api/my/login/clm_sess_x", None),
    "device_login_approve": ("POST", "/cli/device-code/clm_sess_x/approve", dict(user_id="x", email="a@b.example")),
    "device_login_deny": ("POST", "/cli/device-code/clm_sess_x/deny", {}),
}
# Over the socket in the data directory only: from the network there is no such address.
ADMIN_CALLS = {
    "admin_login_code": dict(email="a@b.example"),
    "admin_users": {},
    "admin_user_block": dict(email="a@b.example"),
    "admin_user_unblock": dict(email="a@b.example"),
    "admin_sessions": dict(email="a@b.example"),
    "admin_session_revoke": dict(id="x"),
    "admin_meshes": {},
    "admin_mesh_archive": dict(mesh="{slug}"),
    "admin_mesh_open": dict(mesh="{slug}"),
    "admin_keys": dict(mesh="{slug}"),
    "admin_key_revoke": dict(mesh="{slug}", id="{key}"),
    "admin_audit": dict(mesh="{slug}"),
}
# These prove themselves by what they carry: a signature, a code, a place; or are for everybody, and limited.
OTHER_CALLS = {"hook_set_status", "mesh_create", "invite_create", "invite_code", "invite_page", "join", "claim", "login_email",
               "login_code", "device_login", "device_login_poll", "session_revoke", "cli_sync", "device_look", "device_add"}


def rows():
    return json.loads(subprocess.run([people.broker, "protocol"], capture_output=True, text=True, check=True).stdout)


def fill(value, ids):
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda m: ids[m[1]], value)
    if isinstance(value, dict):
        return {fill(k, ids): fill(v, ids) for k, v in value.items()}
    return [fill(v, ids) for v in value] if isinstance(value, list) else value


def is_refusal(answer):
    return answer is None or answer.get("type") == "none" or answer.get("code") == "forbidden" or answer.get("error") == "forbidden"


class World:
    def __init__(self, url, mesh, names):
        self.url, self.mesh, self.names = url, mesh, names
        self.people = {}

    def make(self):
        for who in self.names:
            os.makedirs(os.path.join(work, who), mode=0o700, exist_ok=True)
        env = environment(self.names[0], **ALONE)
        self.slug = json.loads(run(self.names[0], "create", self.mesh, "--broker", self.url, "--name", self.names[0], "--json", env=env))["slug"]
        link = json.loads(run(self.names[0], "share", "--uses", "9", "--json", env=env))["url"]
        for who in self.names[1:]:
            run(who, "join", link, "--name", who, env=environment(who, **ALONE))

    async def connect(self):
        host, port = self.url.split("//")[1].split(":")
        for who in self.names:
            with open(os.path.join(work, who, ".claudemesh/config.json")) as f:
                member = Member(who, json.load(f), (host, int(port)), Ledger())
            await member.connect()
            asyncio.create_task(member.listen())
            self.people[who.split("-")[0]] = member

    async def ask(self, who, **message):
        member = self.people[who]
        if not member.socket:
            await member.connect()
            asyncio.create_task(member.listen())
        if message["type"] == "send":
            message["id"] = os.urandom(8).hex()
            member.answers[message["id"]] = future = asyncio.get_running_loop().create_future()
            member.socket.say(**message)
            return await asyncio.wait_for(future, 10)
        if message["type"] in SILENT:
            member.socket.say(**message)
            return await member.ask(type="list_peers") and {}
        return await member.ask(**message)

    async def fill_in(self):
        """Something of every kind, and their ids."""
        owner, other = self.people["owner"], self.people["other"]
        topic = await self.ask("owner", type="topic_create", name="secret", visibility="private", plaintext=True)
        await self.ask("owner", type="topic_member_set", topic=topic["topic"]["id"], memberId=other.id, role="member")
        self.open_topic = (await self.ask("owner", type="topic_create", name="open", plaintext=True))["topic"]["id"]
        post = await self.ask("owner", type="send", targetSpec="#secret", nonce=NONCE, ciphertext=BODY, bodyVersion=1)
        key = await self.ask("owner", type="apikey_create", label="k")
        invite = await self.ask("owner", type="invite_make", role="member")
        self.ids = dict(topic=topic["topic"]["id"], memberId=other.id, messageId=post["messageId"], invite=invite.get("id") or invite["invite"]["id"],
                        target=other.pubkey, id=key["id"])

    async def state(self):
        """What an outsider must not change."""
        seen = []
        for message in (dict(type="topic_list"), dict(type="topic_members", topic=self.ids["topic"]), dict(type="topic_history", topic=self.ids["topic"]),
                        dict(type="apikey_list"), dict(type="invite_list"), dict(type="grants_get"), dict(type="list_bans"), dict(type="list_peers", members=True)):
            answer = await self.ask("owner", **message)
            answer.pop("_reqId", None)
            answer.pop("peers", None)
            seen.append(re.sub(r'"(lastSeenAt|seenAt|now|lastUsedAt)": "[^"]*"', "", json.dumps(answer)))
        return seen


def hide(answer, ids):
    text = json.dumps(answer)
    for value in (*ids.values(), *(v[:8] for v in ids.values() if len(v) >= 8)):
        text = text.replace(value, "ID")
    return re.sub(r'"_?(reqId|id|messageId|createdAt|detail|issuedAt|expiresAt|readAt|token)": ("[^"]*"|\d+)', "", text)


async def each_role(world):
    wrong = []
    for kind, (who_may, example) in MESSAGES.items():
        if kind in NOT_TRIED:
            continue
        for who in EVERYBODY:
            ids = dict(world.ids, who=who, topic=world.open_topic)
            # Nobody in particular is hit: only whether it is for this role is asked.
            if kind in ("kick", "disconnect", "ban", "unban"):
                ids = dict(NOBODY, who=who)
            answer = await world.ask(who, type=kind, **fill(example, ids))
            if (who in who_may) == is_refusal(answer) and not (kind in SILENT):
                wrong.append("%s by %s: %s" % (kind, who, answer))
    verdict(not wrong, "%d messages are for whom they are for %s" % (len(MESSAGES) - len(NOT_TRIED), "\n# ".join(wrong)))


async def other_mesh(world, other):
    """A member of the other mesh, with ids of this one."""
    before = await world.state()
    wrong = []
    tried = 0
    for kind, (_, example) in MESSAGES.items():
        if kind in NOT_TRIED or not ID_MEMBERS.search(json.dumps(example)):
            continue
        for who in ("owner", "member"):
            tried += 1
            ours = await other.ask(who, type=kind, **fill(example, dict(world.ids, who=who)))
            nobody = await other.ask(who, type=kind, **fill(example, dict(NOBODY, who=who)))
            if hide(ours, world.ids) != hide(nobody, NOBODY):
                wrong.append("%s by %s: %s, but of nobody: %s" % (kind, who, hide(ours, world.ids), hide(nobody, NOBODY)))
    verdict(not wrong, "%d times another mesh's id is answered like one that there is not %s" % (tried, "\n# ".join(wrong)))
    verdict(await world.state() == before, "and nothing there has changed")


async def private_topic(world):
    """Who is not in it hears what it would hear of none."""
    wrong = []
    for kind, (_, example) in MESSAGES.items():
        if "{topic}" not in json.dumps(example):
            continue
        ours = await world.ask("member", type=kind, **fill(example, dict(world.ids, who="x")))
        nobody = await world.ask("member", type=kind, **fill(example, dict(world.ids, topic=NOBODY["topic"], who="x")))
        if hide(ours, dict(topic=world.ids["topic"])) != hide(nobody, dict(topic=NOBODY["topic"])):
            wrong.append("%s: %s, %s" % (kind, ours, nobody))
    verdict(not wrong, "D-11: a private topic is like none to who is not in it %s" % "\n# ".join(wrong))


async def banned(world):
    victim = world.people["gone"]
    key = await world.ask("gone", type="apikey_create", label="mine", capabilities=["read"])
    token = await world.ask("gone", type="bearer_token")
    verdict(request(world.url, "GET", "/api/v1/topics", key=key["secret"])[0] == 200, "a member's key works")
    await world.ask("owner", type="ban", target=victim.pubkey)
    for _ in range(200):
        if not victim.socket:
            break
        await asyncio.sleep(0.02)
    verdict(not victim.socket and victim.closed[0] == 4002, "D-39: who is banned is cut off, %s" % (victim.closed,))
    try:
        await victim.connect()
        verdict(False, "and may come back")
    except (Closed, OSError) as e:
        verdict("revoked" in str(e), "and is not let in: %s" % e)
    verdict(request(world.url, "GET", "/api/v1/topics", key=key["secret"])[0] == 401, "A7, D-24: its API key is dead")
    verdict(request(world.url, "GET", "/api/v1/topics", key=token["token"])[0] == 401, "and its bearer token")


def request(url, method, path, body=None, key=None, **headers):
    if key:
        headers["Authorization"] = "Bearer " + key
    if body is not None:
        headers["Content-Type"] = "application/json"
    asked = urllib.request.Request(url + path, json.dumps(body).encode() if body is not None else None, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.read().decode() if "stream" not in path else ""
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def example_of(schema, described):
    """A body with what is required."""
    while "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].split("/")[-1]]
    if schema.get("type") == "object":
        return {k: example_of(v, described) for k, v in schema.get("properties", {}).items() if k in schema.get("required", [])}
    return {"string": "x", "integer": 1, "boolean": True, "array": []}.get(schema.get("type"), "x")


async def rest(world, other):
    described = json.loads(request(world.url, "GET", "/api/v1/openapi.json")[1])
    keys = {}
    for name, caps in (("read", ["read"]), ("send", ["send"])):
        keys[name] = (await world.ask("owner", type="apikey_create", label=name, capabilities=caps))["secret"]
    foreign = (await other.ask("owner", type="apikey_create", label="x", capabilities=["read", "send", "admin"]))["secret"]
    unproved, incapable, different = [], [], []
    n = 0
    for path, operations in described["paths"].items():
        for method, op in operations.items():
            if method == "parameters" or not op.get("security"):
                continue
            n += 1
            body = example_of(op["requestBody"]["content"]["application/json"]["schema"], described) if "application/json" in op.get("requestBody", {}).get("content", {}) else None

            def ask(ids, key):
                return request(world.url, method.upper(), re.sub(r"\{(\w+)\}", lambda m: ids.get(m[1], "x"), path), body, key)
            for key in (None, "cm_" + "A" * 43, "x.y.z"):
                if ask(world.ids, key)[0] != 401:
                    unproved.append((op["operationId"], key))
            needs = op.get("x-capability")
            lacking = {"read": "send", "send": "read"}.get(needs)
            if lacking and ask(world.ids, keys[lacking])[0] != 403:
                incapable.append((op["operationId"], needs, ask(world.ids, keys[lacking])))
            ours, nobody = ask(world.ids, foreign), ask(NOBODY, foreign)
            if (ours[0], word(ours)) != (nobody[0], word(nobody)):
                different.append((op["operationId"], ours, nobody))
    verdict(n > 25 and not unproved, "%d REST operations want a key %s" % (n, unproved or ""))
    verdict(not incapable, "A6: and one that may %s" % (incapable or ""))
    verdict(not different, "A8: to another mesh's key its topics are like none %s" % (different or ""))


def word(answer):
    try:
        return json.loads(answer[1]).get("error", "")
    except ValueError:
        return answer[1][:20]


def calls(world, every):
    unknown = [name for name in every if not (name in ACCOUNT_CALLS or name in ADMIN_CALLS or name in OTHER_CALLS)]
    verdict(not unknown, "every HTTP call has a line here %s" % (unknown or ""))
    wrong = []
    for name, (method, path, body) in ACCOUNT_CALLS.items():
        for key in (None, "cm_" + "A" * 43, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4IiwiZXhwIjo0MDAwMDAwMDAwfQ."):
            status, text = request(world.url, method, path.replace("{slug}", world.slug), body, key, **{"X-Member-Id": world.people["owner"].id})
            if status != 401:
                wrong.append((name, key, status, text[:200]))
    verdict(not wrong, "A1, A3, A4: %d calls want an account, whatever body and headers say %s" % (len(ACCOUNT_CALLS), wrong or ""))
    wrong = []
    for name, body in ADMIN_CALLS.items():
        path = "/admin/" + name[len("admin_"):].replace("_", "-")
        for key in (None, "cm_" + "A" * 43):
            status, text = request(world.url, "POST", path, fill(body, dict(slug=world.slug, key=world.ids["id"])), key)
            if status != 404:
                wrong.append((name, key, status, text[:200]))
    verdict(not wrong, "administration (%d calls) is not for the network %s" % (len(ADMIN_CALLS), wrong or ""))


async def everything(url):
    world = World(url, "demo", ["owner", "admin", "member", "other", "gone"])
    other = World(url, "else", ["owner-2", "member-2", "other-2"])
    for w in (world, other):
        await asyncio.to_thread(w.make)
        await w.connect()
        await w.fill_in()
    await world.ask("owner", type="member_update", memberId=world.people["admin"].id, role="admin")
    every = rows()
    unknown = [row["name"] for row in every if row["kind"] == "message" and row["name"] not in MESSAGES]
    verdict(not unknown, "every message has a line here %s" % (unknown or ""))
    await other_mesh(world, other)
    await private_topic(world)
    await rest(world, other)
    calls(world, [row["name"] for row in every if row["kind"] == "HTTP call"])
    await each_role(world)
    await banned(world)


def test():
    broker = start_broker()
    asyncio.run(everything(broker.url))


play(test)
