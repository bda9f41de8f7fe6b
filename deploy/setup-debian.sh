#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An exchange with portal, console and TLS on Debian 12, from the files of a release beside this one. As root; safe to run again.
# usage: sh setup-debian.sh HOST [NETWORK]    HOST: its name for people, such as exchange.example
#                                             NETWORK: from where the console may be opened, such as 10.0.0.0/8 (default: this machine)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
host=${1:?name the host, such as exchange.example} network=${2:-127.0.0.1/8}
[ "$(id -u)" = 0 ] || { echo "Run this as root." >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -q && apt-get install -q --yes --no-install-recommends python3 python3-venv ca-certificates caddy libchromaprint1

id stillmine >/dev/null 2>&1 || useradd --system --home-dir /var/lib/stillmine --shell /usr/sbin/nologin stillmine
install -d -o stillmine -g stillmine -m 0700 /var/lib/stillmine /var/lib/stillmine/backup
sh "$here/install.sh" "$here"/stillmine-*.whl "$here/requirements.lock" /opt/stillmine

# Every command of an operator runs as the exchange's own user: what root writes the exchange could not read.
cat > /usr/local/bin/stillmine <<'EOF'
#!/bin/sh
export STILLMINE_EXCHANGE_HOME=/var/lib/stillmine/exchange
if [ "$(id -u)" = 0 ]; then exec runuser -u stillmine -- /opt/stillmine/bin/stillmine "$@"; fi
exec /opt/stillmine/bin/stillmine "$@"
EOF
chmod 0755 /usr/local/bin/stillmine

# The proxy serves the pages from disk: they stay up while the exchange is down. A new folder takes the place of the old one in a moment.
portal=$(echo /opt/stillmine/lib/python3.*/site-packages/stillmine/portal)
install -d /srv/stillmine
rm -rf /srv/stillmine/portal.new && cp -r "$portal" /srv/stillmine/portal.new && chmod -R a+rX /srv/stillmine/portal.new
rm -rf /srv/stillmine/portal.old && { [ ! -e /srv/stillmine/portal ] || mv /srv/stillmine/portal /srv/stillmine/portal.old; }
mv /srv/stillmine/portal.new /srv/stillmine/portal && rm -rf /srv/stillmine/portal.old

sed -e "s/exchange\.example/$host/" -e "s#10\.0\.0\.0/8#$network#" -e '/@console {/,/^$/s/# //' "$here/Caddyfile" > /etc/caddy/Caddyfile

home=/var/lib/stillmine/exchange
if [ ! -e "$home/exchange.toml" ]; then
    install -d -o stillmine -g stillmine -m 0700 "$home"
    (umask 077 && cat > "$home/exchange.toml" <<EOF
database = "sqlite"
public_address = "https://$host"

[serve]
host_names = ["$host"]
trusted_proxies = 1
console = true

[backup]
folder = "/var/lib/stillmine/backup"
keep_days = 30
EOF
    ) && chown stillmine: "$home/exchange.toml"
fi
stillmine exchange migrate

install -m 0644 "$here"/stillmine-*.service "$here"/stillmine-*.timer /etc/systemd/system/
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable --now stillmine-exchange.service stillmine-backup.timer stillmine-backup-verify.timer
    systemctl restart stillmine-exchange.service && systemctl reload-or-restart caddy
else
    echo "No systemd runs here: nothing was started."
fi
echo "https://$host is the portal, https://$host/console/ the console (from $network)."
echo "Next: stillmine exchange operator add NAME --role manager"
