// The part of the link behind '#' is its secret, which no browser sends: it goes into the commands here, on this
// machine. And a button copies them.
(() => {
	const secret = /^#[A-Za-z0-9_-]{1,128}$/.test(location.hash) ? location.hash : '';
	for (const link of document.querySelectorAll('[data-link]'))
		if (secret) link.textContent = `'${link.dataset.link}${secret}'`;
	for (const part of document.querySelectorAll('[data-secret]'))
		part.hidden = (part.dataset.secret === 'yes') !== Boolean(secret);
	for (const button of document.querySelectorAll('button')) {
		if (!navigator.clipboard) continue;
		button.hidden = false;
		button.addEventListener('click', async () => {
			await navigator.clipboard.writeText(document.getElementById(button.value).textContent);
			button.textContent = 'Copied';
		});
	}
})();
