#!/bin/sh
# Starts a program when its limit is up: gate.sh GATE WAIT_HUNDREDTHS PROGRAM [ARGUMENT...]
# The extension makes the file GATE as soon as the limit is up; without it the program starts after the wait regardless.
gate=$1
left=$2
shift 2
while [ ! -e "$gate" ] && [ "$left" -gt 0 ]; do
  sleep 0.01
  left=$((left - 1))
done
rm -f "$gate"
exec "$@"
