#!/bin/sh
# A resource that does nothing but record, in files all hosts share, every call with its arguments
# and environment. Called as any resource script: [ARGUMENTS] start|stop|status.
name=${0##*/}
resource=$name
left=$#
for action; do
	left=$((left - 1))
	[ "$left" -gt 0 ] && resource=$resource::$action
done
held=/run/lab.$resource
fault=/var/lib/$name
read -r host </proc/sys/kernel/hostname

# What begins or ends has one time, in both files.
now() { at=$(date +%s%N); }
record() { printf '%s %s %s\n' "$at" "$host" "$*" >>/lab/calls; }
event() { printf '%s %s %s %s\n' "$at" "$host" "$resource" "$1" >>/lab/events; }

environment=/lab/env/$host.$name.$action
[ -e "$environment" ] || env -0 >"$environment"

now
was=free
[ -e "$held" ] && was=held
record $$ begin "$was" "$0" "$name" "$action" "$@"

finish() {
	record $$ end "$1"
	exit "$1"
}

hang() {
	while [ -e "$fault.$action-hangs" ]; do sleep 0.1; done
}

fail() {
	if [ -e "$fault.$action-fails" ]; then
		echo "$name: cannot $action: told to fail"
		now
		finish 1
	fi
}

case $action in
start)
	event start
	hang
	fail
	: >"$held"
	now
	event started
	;;
stop)
	event stop
	hang
	fail
	rm -f "$held"
	now
	event stopped
	;;
status)
	if [ -e "$held" ]; then
		echo "$name is running"
	else
		echo "$name is stopped"
		finish 3
	fi
	;;
*)
	echo "usage: $name start|stop|status" >&2
	finish 1
	;;
esac
finish 0
