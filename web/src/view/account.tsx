// The account: signing in by a code, a program that waits to be signed in, a token to paste, and
// where one is signed in.
import { useEffect, useState } from "preact/hooks";
import { Account, type AccountMesh, type Session, type Waiting } from "../lib/account";
import type { App } from "../lib/app";
import { said } from "../lib/link";
import type { Place } from "../lib/route";
import { use_store } from "../lib/store";
import { ago, at_full } from "../lib/time";
import { NewMesh } from "./owner";
import { Mark } from "./signin";

export function AccountPage({ app, place }: { app: App; place: Place }) {
	const [account] = useState(() => new Account());
	use_store(account);
	useEffect(() => void account.start(), []);
	if (account.state === "loading")
		return <main class="alone" aria-busy="true"><p class="muted">One moment…</p></main>;
	if (account.state === "out")
		return <SignIn account={account} place={place} />;
	switch (place) {
	case "cli-auth": return <Approve account={account} />;
	case "token": return <PasteToken account={account} />;
	default: return <Overview app={app} account={account} />;
	}
}

const reasons: Record<Place, string> = {
	"cli-auth": "A program asks to be signed in. First say who you are.",
	token: "A token signs a program in as you. First say who you are.",
	account: "An account keeps your meshes together, on all of your machines.",
};

function SignIn({ account, place }: { account: Account; place: Place }) {
	return (
		<main class="alone">
			<Mark />
			<h1>Sign in</h1>
			<p>{reasons[place]}</p>
			{account.error ? <p class="strip bad" role="alert">{account.error}</p> : null}
			{account.email ? <EnterCode account={account} /> : <EnterEmail account={account} />}
		</main>
	);
}

function EnterEmail({ account }: { account: Account }) {
	const [email, set_email] = useState("");
	const [busy, set_busy] = useState(false);
	return (
		<form class="card" onSubmit={async e => {
			e.preventDefault();
			set_busy(true);
			await account.send_code(email.trim());
			set_busy(false);
		}}>
			<label>E-mail address<input type="email" required autocomplete="email" value={email} onInput={e => set_email(e.currentTarget.value)} /></label>
			<div class="row">
				<button class="primary" disabled={busy}>Continue</button>
				<button type="button" disabled={!email.includes("@")} onClick={() => void account.have_code(email.trim())}>I have a code</button>
			</div>
		</form>
	);
}

function EnterCode({ account }: { account: Account }) {
	const [code, set_code] = useState("");
	const [busy, set_busy] = useState(false);
	return (
		<form class="card" onSubmit={async e => {
			e.preventDefault();
			set_busy(true);
			await account.enter_code(code);
			set_busy(false);
		}}>
			<p>{account.mail
				? <>Enter the code for <strong>{account.email}</strong>. A mail with it takes a moment; it is good for ten minutes.</>
				: <>This broker sends no mail. Ask whoever runs it for a code for <strong>{account.email}</strong>: <code>claudemesh-broker admin login-code</code></>}</p>
			<label>Code of 6 digits<input inputMode="numeric" autocomplete="one-time-code" required pattern="[0-9 \-]{6,9}" value={code} onInput={e => set_code(e.currentTarget.value)} /></label>
			<div class="row">
				<button class="primary" disabled={busy}>Sign in</button>
				<button type="button" onClick={() => void account.other_email()}>Another address</button>
			</div>
		</form>
	);
}

/** "clm_sess_..." or "ABCD-EFGH", as the address says. */
function asked(): string {
	const query = new URLSearchParams(location.search);
	return query.get("session") ?? query.get("code") ?? "";
}

function Approve({ account }: { account: Account }) {
	const [code, set_code] = useState(asked());
	const [waiting, set_waiting] = useState<Waiting>();
	const [error, set_error] = useState("");
	const [done, set_done] = useState<"yes" | "no">();
	const look = (c: string) => {
		set_error("");
		account.waiting(c).then(set_waiting, e => set_error(said(e)));
	};
	useEffect(() => {
		if (code)
			look(code);
	}, []);
	const decide = (yes: boolean) => account.decide(waiting!, yes).then(() => set_done(yes ? "yes" : "no"), e => set_error(said(e)));
	if (done)
		return <Outcome yes={done === "yes"} name={waiting!.hostname} />;
	return (
		<main class="alone">
			<Mark />
			<h1>Sign this program in?</h1>
			{error ? <p class="strip bad" role="alert">{error}</p> : null}
			{waiting ? <Ask w={waiting} email={account.profile!.email} decide={decide} /> : (
				<form class="card" onSubmit={e => {
					e.preventDefault();
					look(code.trim());
				}}>
					<label>The code that the program shows<input required placeholder="ABCD-EFGH" value={code.startsWith("clm_sess_") ? "" : code} onInput={e => set_code(e.currentTarget.value)} /></label>
					<button class="primary">Look</button>
				</form>
			)}
		</main>
	);
}

function Ask({ w, email, decide }: { w: Waiting; email: string; decide: (yes: boolean) => void }) {
	return (
		<>
			<p>Say yes only if you have just started it yourself, and it shows this very code:</p>
			<p class="code" data-testid="user-code">{w.user_code}</p>
			<dl>
				<dt>Machine</dt><dd>{w.hostname}</dd>
				<dt>System</dt><dd>{w.platform}, {w.arch}</dd>
				<dt>Asked from</dt><dd>{w.address}</dd>
				<dt>Asked at</dt><dd>{at_full(Date.parse(w.created_at))}</dd>
				<dt>Session</dt><dd><code class="wrap">{w.session_id}</code></dd>
			</dl>
			<p class="muted">It may then act as {email} for 30 days, or until you end its session.</p>
			<div class="row">
				<button class="primary" onClick={() => decide(true)}>Yes, sign it in</button>
				<button class="danger" onClick={() => decide(false)}>No</button>
			</div>
		</>
	);
}

function Outcome({ yes, name }: { yes: boolean; name: string }) {
	return (
		<main class="alone">
			<Mark />
			<h1>{yes ? `${name} is signed in` : "Refused"}</h1>
			<p role="status">{yes ? "Go back to the terminal; this page may be closed." : "The program has been told. If you did not start it, somebody else did."}</p>
			<p><a href="./#/account">Your account</a></p>
		</main>
	);
}

function PasteToken({ account }: { account: Account }) {
	const [made, set_made] = useState<{ token: string; expires_at: string }>();
	const [error, set_error] = useState("");
	return (
		<main class="alone">
			<Mark />
			<h1>A token to paste</h1>
			<p>For <code>claudemesh login --paste</code> on a machine whose terminal opens no browser. Whoever has it is {account.profile!.email} for 30 days.</p>
			{error ? <p class="strip bad" role="alert">{error}</p> : null}
			{made ? (
				<div class="card secret" role="status">
					<p><strong>It is never shown again.</strong></p>
					<pre><code class="wrap">{made.token}</code></pre>
					<button onClick={() => void navigator.clipboard.writeText(made.token)}>Copy</button>
				</div>
			) : <button class="primary" onClick={() => account.make_token().then(set_made, e => set_error(said(e)))}>Make a token</button>}
			<p><a href="./#/account">Your account</a></p>
		</main>
	);
}

const kinds: Record<string, string> = { browser: "Browser", "cli-session": "Program", "cli-token": "Pasted token", "cli-sync": "Sync" };

function Overview({ app, account }: { app: App; account: Account }) {
	const [sessions, set_sessions] = useState<Session[]>();
	const [meshes, set_meshes] = useState<AccountMesh[]>();
	const [name, set_name] = useState(account.profile!.name);
	const [error, set_error] = useState("");
	const load = () => {
		account.sessions().then(set_sessions, e => set_error(said(e)));
		account.meshes().then(set_meshes, e => set_error(said(e)));
	};
	useEffect(load, []);
	const end = async (s: Session) => {
		if (!confirm(`End the session of ${s.hostname}? It must be signed in again.`))
			return;
		await account.end_session(s.id).catch(e => set_error(said(e)));
		load();
	};
	return (
		<main class="alone top">
			<p><a href="./">‹ Meshes</a></p>
			<h1>{account.profile!.display_name}</h1>
			<p class="muted">{account.profile!.email}</p>
			{error || account.error ? <p class="strip bad" role="alert">{error || account.error}</p> : null}
			<form class="bar" onSubmit={e => {
				e.preventDefault();
				void account.rename(name);
			}}>
				<label class="grow">Name<input maxLength={64} value={name} onInput={e => set_name(e.currentTarget.value)} /></label>
				<button>Save</button>
			</form>
			<h2>Sessions</h2>
			<ul class="plain-list" aria-busy={!sessions}>{(sessions ?? []).map(s => <Row key={s.id} s={s} end={() => void end(s)} />)}</ul>
			<h2>Meshes of this account</h2>
			{meshes && !meshes.length ? <p class="muted">None yet. <code>claudemesh sync</code> adds those of a machine.</p> : null}
			<ul class="plain-list">
				{(meshes ?? []).map(m => <li key={m.id} class="item"><span class="grow">{m.name}</span><span class="muted small">{m.isOwner ? "yours" : m.myRole}, {m.memberCount} members</span></li>)}
			</ul>
			<NewMesh app={app} account={account} />
			<div class="row"><a class="button" href="token">Make a token</a><button class="danger" onClick={() => void account.sign_out()}>Sign out</button></div>
		</main>
	);
}

function last_used(s: Session): string {
	const since = s.last_seen_at && ago(Date.parse(s.last_seen_at));
	return !since ? "never used" : since === "now" ? "used just now" : `last used ${since} ago`;
}

function Row({ s, end }: { s: Session; end: () => void }) {
	return (
		<li class="person session">
			<div class="grow">
				<p><strong>{s.hostname}</strong><span class="tag">{kinds[s.kind] ?? s.kind}</span>{s.current ? <span class="tag working">this one</span> : null}</p>
				<p class="muted small">{[s.platform, s.arch, s.address].filter(x => x && x !== "unknown").join(" · ")}</p>
				<p class="muted small">{last_used(s)}, until {new Date(s.expires_at).toLocaleDateString()}</p>
			</div>
			{s.current ? null : <button class="danger" onClick={end}>Revoke</button>}
		</li>
	);
}
