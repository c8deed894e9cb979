#!/usr/bin/env -S python3 -B
"""rest-test.py CLAUDEMESH BROKER - a REST client that knows nothing but /api/v1/openapi.json calls every
operation there is, each with a good and a bad request, and every answer is as described. TAP on stdout."""
import base64
import json
import os
import sys

import people
from people import environment, make_mesh, play, run, start_broker, verdict
from rest_client import Api, Stream, Wrong

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])


def key_of(who, *more):
    made = run(who, "apikey", "create", "rest", "--yes", "--json", *more, env=environment(who, CLAUDEMESH_NO_DAEMON="1"))
    return json.loads(made)["secret"] if made else ""


def noise(n):
    return base64.b64encode(os.urandom(n)).decode()


def good(name, got, *members):
    status, answer = got
    return verdict(status == 200 and all(m in answer for m in members), "%s%s" % (name, "" if status == 200 else " (%s)" % (answer,)))


def bad(name, got, status, word):
    return verdict(got[0] == status and got[1].get("error") == word, "%s: %d %s%s" %
                   (name, status, word, "" if got[0] == status and got[1].get("error") == word else " (%s)" % (got,)))


def who_is_here(api, alice, bob):
    for name in ("me", "topics", "peers", "members", "me_workspace", "me_topics", "me_notifications", "me_activity"):
        good(name, api.call(name, alice))
        bad(name + " without a key", api.call(name), 401, "api_key_missing")
        bad(name + " with another key", api.call(name, "cm_" + "A" * 43), 401, "api_key_invalid")
    verdict(api.call("public_invite", token="nonsense")[1]["reason"] == "malformed", "public_invite, of what is no token")
    bad("public_invite, of what is too long", api.call("public_invite", token="x" * 4097), 422, "bad_request")
    me = api.call("me", bob)[1]
    good("me_peer_pubkey", api.call("me_peer_pubkey", bob, pubkey=me["pubkey"]))
    bad("me_peer_pubkey of somebody else", api.call("me_peer_pubkey", alice, pubkey=me["pubkey"]), 409, "not_web_member")
    return me


def topics(api, alice, bob):
    good("topic_new", api.call("topic_new", alice, name="deploys", plaintext=True, description="what goes out"), "topic")
    made = api.call("topic_new", alice, name="deploys", plaintext=True)[1]
    verdict(not made["created"], "  the same again is the same")
    good("topic_new, private", api.call("topic_new", alice, name="secret", visibility="private", plaintext=True))
    for name in ("secret", "nowhere", "x" * 64):
        bad("a private or unknown topic looks the same (%s)" % name[:8], api.call("topic", bob, topic=name), 404, "topic_not_found")
        bad("  and to who would post there", api.call("topic_post", bob, topic=name, text="x"), 404, "topic_not_found")
    bad("a name that is none", api.call("topic_new", alice, name="a b\x07"), 422, "invalid")
    good("topics", api.call("topics", bob), "topics")
    verdict([t["name"] for t in api.call("topics", bob)[1]["topics"]] == ["deploys", "general"], "  without the private one")
    good("topic", api.call("topic", bob, topic="general"), "name", "unread")
    good("topic_new, of a name that one may not see", api.call("topic_new", alice, name="own", visibility="private"))
    own = api.call("topic_new", bob, name="own", visibility="private")[1]
    verdict(own["created"] and own["topic"]["id"] != api.call("topic", alice, topic="own")[1]["id"], "  is one's own")


def posts(api, alice, bob):
    first = api.call("topic_post", alice, topic="deploys", text="hi @bob, \"caf\u00e9\" & <b>")
    good("topic_post, a text as it stands", first, "messageId")
    good("topic_join", api.call("topic_join", bob, topic="deploys"))
    one = api.call("topic_post", bob, topic="deploys", text="once", Idempotency_Key="k1")[1]
    two = api.call("topic_post", bob, topic="deploys", text="once", Idempotency_Key="k1")[1]
    verdict(one["messageId"] == two["messageId"] and two.get("duplicate"), "the same Idempotency-Key is the same post")
    bad("  with another body it is refused", api.call("topic_post", bob, topic="deploys", text="twice", Idempotency_Key="k1"),
        409, "idempotency_key_reused")
    good("messages, as the reference's clients", api.call("messages", alice, topic="deploys", nonce=noise(24),
         ciphertext=base64.b64encode(b"hello @bob").decode(), bodyVersion=1, replyToId=one["messageId"], mentions=["bob"]))
    bad("a reply to what is not there", api.call("messages", alice, topic="deploys", ciphertext="eA==", replyToId="x" * 32), 422, "invalid")
    bad("neither text nor ciphertext", api.call("messages", alice, topic="deploys"), 422, "bad_request")
    bad("a key that may only read", api.call("topic_post", key_of("alice", "--cap", "read"), topic="deploys", text="x"),
        403, "api_key_missing_capability")
    status, _, answer = api.plain("POST", "/api/v1/topics/deploys", {"Authorization": "Bearer " + alice, "Content-Type": "image/png"}, b"x")
    verdict(status == 415 and answer["error"] == "unsupported_media_type", "an image is no text")
    status, _, answer = api.plain("POST", "/api/v1/topics/deploys", {"Authorization": "Bearer " + alice, "Content-Type": "application/json"}, b"{")
    verdict(status == 400 and answer["error"] == "bad_json", "half a JSON is none")
    return first[1], one


def pages(api, alice, bob):
    for i in range(25):
        api.call("topic_post", alice, topic="deploys", text="post %d" % i)
    seen, before = [], {}
    while True:
        page = api.call("topic_messages", bob, topic="deploys", limit=10, **before)[1]
        seen += [m["id"] for m in page["messages"]]
        if not page["more"]:
            break
        before = {"before": seen[-1]}
    verdict(len(seen) == len(set(seen)) == 28, "pages skip and repeat nothing (%d)" % len(seen))
    newer = api.call("topic_messages", bob, topic="deploys", after=seen[5])[1]["messages"]
    verdict([m["id"] for m in newer] == seen[4::-1], "  and forwards likewise")
    for limit in (0, -1, 201, 10 ** 30, "many"):
        bad("a limit of %s" % str(limit)[:8], api.call("topic_messages", bob, topic="deploys", limit=limit), 422, "bad_request")
    bad("a broken cursor", api.call("topic_messages", bob, topic="deploys", before="nope"), 404, "message_not_found")
    bad("a cursor of another topic", api.call("topic_messages", alice, topic="general", before=seen[0]), 404, "message_not_found")
    verdict(api.call("topic", bob, topic="deploys")[1]["unread"] > 20, "what others posted is unread")
    good("topic_read", api.call("topic_read", bob, topic="deploys"), "readAt")
    verdict(api.call("topic", bob, topic="deploys")[1]["unread"] == 0, "  and then it is not")
    bad("topic_read of what is not there", api.call("topic_read", bob, topic="nowhere"), 404, "topic_not_found")
    return seen


def mentions(api, alice, bob):
    got = api.call("notifications", bob)
    good("notifications", got, "notifications")
    verdict(len(got[1]["notifications"]) == 2, "  two mentions of bob (%d)" % len(got[1]["notifications"]))
    bad("since nonsense", api.call("notifications", bob, since="yesterday"), 400, "invalid_since")
    bad("me_notifications since nonsense", api.call("me_notifications", bob, since="7d"), 400, "invalid_since")
    bad("me_activity since nonsense", api.call("me_activity", bob, since="7d"), 400, "invalid_since")
    one = got[1]["notifications"][0]["notificationId"]
    good("notifications_read of one", api.call("notifications_read", bob, ids=[one]), "marked")
    good("notifications_read of all", api.call("notifications_read", bob, all=True), "marked")
    verdict(api.call("notifications", bob, unread=True)[1]["notifications"] == [], "  nothing is unread then (B7)")
    bad("neither ids nor all", api.call("notifications_read", bob), 422, "bad_request")
    bad("before nonsense", api.call("notifications_read", bob, all=True, before="x"), 400, "invalid_before")
    found = api.call("me_search", bob, q="POST 7")
    good("me_search", found, "messages")
    verdict([m["snippet"] for m in found[1]["messages"]] == ["post 7"], "  finds one post")
    bad("me_search for too many", api.call("me_search", bob, q="x", limit=1000), 422, "bad_request")


def people_in_topics(api, alice, bob, me):
    good("topic_members", api.call("topic_members", bob, topic="deploys"), "members")
    bad("topic_members of a private one", api.call("topic_members", bob, topic="secret"), 404, "topic_not_found")
    good("topic_member_set", api.call("topic_member_set", alice, topic="secret", memberId=me["memberId"]))
    good("  who was added sees it", api.call("topic", bob, topic="secret"))
    bad("a role that is none", api.call("topic_member_set", alice, topic="secret", memberId=me["memberId"], role="king"), 422, "bad_request")
    bad("a member that is none", api.call("topic_member_set", alice, topic="secret", memberId="x" * 32), 404, "member_not_found")
    stream = Stream(api, bob, "secret")
    stream.next("ready")
    good("topic_member_remove", api.call("topic_member_remove", alice, topic="secret", memberId=me["memberId"]))
    verdict((stream.next() or ("",))[0] == "error" and stream.next() is None, "  whose stream ends")
    bad("topic_member_remove of nobody", api.call("topic_member_remove", alice, topic="secret", memberId="x" * 32), 404, "member_not_found")
    good("topic_leave", api.call("topic_leave", bob, topic="deploys"))
    bad("topic_leave of what is not there", api.call("topic_leave", bob, topic="nowhere"), 404, "topic_not_found")
    bad("topic_join of what is not there", api.call("topic_join", bob, topic="secret"), 404, "topic_not_found")


def keys(api, alice, bob, me):
    mine = api.call("me", alice)[1]["memberId"]
    api.call("topic_new", alice, name="sealed")
    bad("topic_key of a topic without", api.call("topic_key", alice, topic="sealed"), 409, "topic_unencrypted")
    bad("topic_seal of a topic without", api.call("topic_seal", alice, topic="sealed", memberId=mine, encryptedKey=noise(80),
        nonce=noise(24)), 409, "topic_unencrypted")
    good("topic_claim_key", api.call("topic_claim_key", alice, topic="sealed", encryptedKeyPubkey="ab" * 32,
         encryptedKey=noise(80), nonce=noise(24)), "claimed")
    bad("  twice", api.call("topic_claim_key", alice, topic="sealed", encryptedKeyPubkey="ab" * 32, encryptedKey=noise(80),
        nonce=noise(24)), 409, "already_encrypted")
    good("topic_key", api.call("topic_key", alice, topic="sealed"), "encryptedKey")
    bad("a text where there is a key (A17)", api.call("topic_post", alice, topic="sealed", text="open"), 422, "encrypted")
    good("a post under the key", api.call("messages", alice, topic="sealed", bodyVersion=2, epoch=1, nonce=noise(24), ciphertext=noise(40)))
    api.call("topic_join", bob, topic="sealed")
    bad("topic_key before it is sealed", api.call("topic_key", bob, topic="sealed"), 404, "key_not_sealed_for_member")
    pending = api.call("topic_pending_seals", alice, topic="sealed")
    good("topic_pending_seals", pending, "pending")
    verdict([p["memberId"] for p in pending[1]["pending"]] == [me["memberId"]], "  bob has none")
    bad("topic_pending_seals of what is not there", api.call("topic_pending_seals", bob, topic="nowhere"), 404, "topic_not_found")
    copy = noise(80)
    good("topic_seal", api.call("topic_seal", alice, topic="sealed", memberId=me["memberId"], encryptedKey=copy, nonce=noise(24)), "sealed")
    again = api.call("topic_seal", alice, topic="sealed", memberId=me["memberId"], encryptedKey=noise(80), nonce=noise(24))
    verdict(not again[1]["sealed"] and api.call("topic_key", bob, topic="sealed")[1]["encryptedKey"] == copy, "  a copy that is there stays (A9)")
    api.call("topic_leave", bob, topic="sealed")
    bad("a post when somebody has left", api.call("messages", alice, topic="sealed", bodyVersion=2, epoch=1, nonce=noise(24),
        ciphertext=noise(40)), 409, "stale_epoch")
    new = dict(epoch=2, copies=[dict(memberId=mine, encryptedKey=noise(80), nonce=noise(24))])
    good("topic_next_key", api.call("topic_next_key", alice, topic="sealed", newKey=new), "epoch")
    bad("  by who comes later", api.call("topic_next_key", alice, topic="sealed", newKey=new), 409, "stale_epoch")


def streams(api, alice, bob):
    stream = Stream(api, bob, "general")
    ready = stream.next()
    verdict(stream.status == 200 and ready and ready[0] == "ready", "topic_stream")
    ids = [api.call("topic_post", alice, topic="general", text="live %d" % i)[1]["messageId"] for i in range(5)]
    got = [stream.next("message")[1] for _ in ids]
    verdict([m["id"] for m in got] == ids and base64.b64decode(got[0]["ciphertext"]) == b"live 0", "  tells each post as it is made")
    api.fits(api.operations["topic_messages"][2]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["messages"]["items"],
             got[0], "stream")
    last = stream.last
    stream.close()
    missed = [api.call("topic_post", alice, topic="general", text="missed %d" % i)[1]["messageId"] for i in range(3)]
    stream = Stream(api, bob, "general", Last_Event_ID=last)
    stream.next("ready")
    missed.append(api.call("topic_post", alice, topic="general", text="after")[1]["messageId"])
    verdict([stream.next("message")[1]["id"] for _ in missed] == missed, "  Last-Event-ID brings what was missed, once and in order (B6)")
    stream.close()
    stream = Stream(api, bob, "general", Last_Event_ID="x" * 32)
    verdict([stream.next()[0] for _ in range(2)] == ["ready", "reset"], "  an unknown one resets")
    stream.close()
    verdict(Stream(api, bob, "nowhere").status == 404, "  a topic that is not there has none")


def scopes(api, alice, other):
    some = key_of("alice", "--cap", "send,read", "--topic", "deploys")
    verdict([t["name"] for t in api.call("topics", some)[1]["topics"]] == ["deploys"], "a key for one topic lists that")
    for name, given in (("topic", {}), ("topic_post", {"text": "x"}), ("topic_messages", {}), ("topic_key", {})):
        for topic in ("general", "nowhere"):
            bad("  %s of %s" % (name, topic), api.call(name, some, topic=topic, **given), 403, "api_key_topic_out_of_scope")
    bad("  topic_new", api.call("topic_new", some, name="more"), 403, "api_key_topic_out_of_scope")
    bad("  notifications_read", api.call("notifications_read", some, all=True), 403, "api_key_topic_out_of_scope")
    verdict(all(e["topicName"] == "deploys" for e in api.call("me_activity", some)[1]["activity"]), "  and sees no other (A5)")
    bad("another mesh's topic", api.call("topic", other, topic="deploys"), 404, "topic_not_found")
    verdict([p["displayName"] for p in api.call("members", other)[1]["members"]] == ["carol"], "another mesh's key sees its own")


def http(api, alice):
    bearer = {"Authorization": "Bearer " + alice}
    status, headers, _ = api.plain("GET", "/api/v1/members", bearer)
    tag = headers.get("etag", "")
    status, headers, body = api.plain("GET", "/api/v1/members", dict(bearer, **{"If-None-Match": tag}))
    verdict(tag and status == 304 and not body, "an ETag that is the same is 304")
    status, headers, body = api.plain("HEAD", "/api/v1/members", bearer)
    verdict(status == 200 and not body and headers.get("etag") == tag, "HEAD has the head alone")
    status, headers, _ = api.plain("OPTIONS", "/api/v1/topics/x/read", {"Origin": "https://example.org",
                                   "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"})
    verdict(status == 204 and "PATCH" in headers["access-control-allow-methods"] and
            "Authorization" in headers["access-control-allow-headers"] and headers["access-control-allow-origin"] == "*" and
            "PATCH" in headers["allow"], "a page of another site may ask (D2)")
    status, headers, answer = api.plain("DELETE", "/api/v1/topics", bearer)
    verdict(status == 405 and headers["allow"] == "POST, GET, HEAD, OPTIONS" and answer["status"] == 405, "405 has Allow")
    status, headers, answer = api.plain("GET", "/api/v1/topics")
    verdict(headers.get("www-authenticate", "").startswith("Bearer") and answer["request_id"] == headers["x-request-id"],
            "401 says how, and has its request's id (D5)")


def test():
    url = start_broker().url
    make_mesh(url)
    os.makedirs(os.path.join(people.work, "carol"), mode=0o700)
    run("carol", "create", "other", "--broker", url, "--name", "carol", env=environment("carol", CLAUDEMESH_NO_DAEMON="1"))
    api = Api(url)
    alice, bob, other = key_of("alice"), key_of("bob"), key_of("carol")
    try:
        me = who_is_here(api, alice, bob)
        topics(api, alice, bob)
        posts(api, alice, bob)
        pages(api, alice, bob)
        mentions(api, alice, bob)
        people_in_topics(api, alice, bob, me)
        keys(api, alice, bob, me)
        streams(api, alice, bob)
        scopes(api, alice, other)
        http(api, alice)
    except Wrong as e:
        verdict(False, "every answer is as described: %s" % e)
    for name, statuses in sorted(api.used.items()):
        if not (any(s < 400 for s in statuses) and any(s >= 400 for s in statuses)):
            verdict(False, "%s is called well and badly (%s)" % (name, sorted(statuses)))
    verdict(len(api.used) >= 30, "all %d operations were called" % len(api.used))


play(test, ("alice", "bob", "carol"))
