# lib.sh - what the tests of the web page share: its packages, with those for tests only. Sourced.
#
# web_modules SOURCE WORK: WORK/node_modules as SOURCE/package-lock.json says, fetched once; skips
# or ends the test where that cannot be.

web_modules() {
	wm_wanted=$(sha256sum <"$1/package-lock.json")
	mkdir -p "$2"
	command -v npm >/dev/null || { echo '1..0 # SKIP npm is not installed'; exit 0; }
	command -v esbuild >/dev/null || { echo '1..0 # SKIP esbuild is not installed'; exit 0; }
	exec 9>"$2/lock"
	flock 9
	if [ "$(cat "$2/fetched" 2>/dev/null)" != "$wm_wanted" ]; then
		cp "$1/package.json" "$1/package-lock.json" "$2"
		if ! (cd "$2" && npm ci --ignore-scripts --no-audit --no-fund) >"$2/npm.log" 2>&1; then
			sed 's/^/# /' "$2/npm.log"
			echo 1..1
			echo 'not ok 1 - npm ci'
			exit 1
		fi
		echo "$wm_wanted" >"$2/fetched"
	fi
	exec 9>&-
}
