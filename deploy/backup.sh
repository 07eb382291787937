#!/bin/sh
# Every volume of the deployment as one file, while its services are stopped; and back.
# Usage: backup.sh VOLUMES BACKUPS save NAME | restore NAME | list
set -eu
volumes=$1 backups=$2 what=${3:-list} name=${4:-}
file=$backups/$name.tar.gz

fail() {
    echo "backup: $*" >&2
    exit 1
}

[ "$what" = list ] || [ -n "$name" ] || fail "$what what? give a name"
case $name in */* | .*) fail "$name: a name, not a path" ;; esac

case $what in
save)
    [ ! -e "$file" ] || fail "$name is there already"
    # InfluxDB holds its file of metadata locked, and its data change together with it, as long as it runs.
    bolt=$volumes/influxdb/influxd.bolt
    [ ! -e "$bolt" ] || flock --nonblock "$bolt" true || fail "InfluxDB runs: docker compose stop first"
    # Each volume, not the folder that holds them, which is the image's and read-only.
    (cd "$volumes" && tar --create --gzip --numeric-owner --file "$file.new" ./*)
    gzip --test "$file.new"
    mv "$file.new" "$file"
    ;;
restore)
    [ -e "$file" ] || fail "$name is not there; backup.sh list names those that are"
    [ -z "$(find "$volumes" -mindepth 2 -print -quit)" ] ||
        fail "there are data already: docker compose down --volumes removes them"
    # A file that was cut short on its way would leave half of the data, which pass for all.
    gzip --test "$file" || fail "$name is damaged; nothing is restored"
    tar --extract --gzip --numeric-owner --preserve-permissions --directory "$volumes" --file "$file"
    ;;
list)
    find "$backups" -maxdepth 1 -name '*.tar.gz' | sed 's|.*/||; s|\.tar\.gz$||' | sort
    ;;
*)
    fail "$what: save, restore or list"
    ;;
esac
