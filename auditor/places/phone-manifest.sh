#!/bin/sh
# Makes a list of the pictures and videos on this phone, with the phone's own sha256sum: for phones that cannot be
# reached over USB debugging. Run it in Termux or another terminal on the phone:
#
#     sh phone-manifest.sh [FOLDER [LIST]]
#
# FOLDER is what to list (default: the media folders of /sdcard), LIST the file to write (default:
# Download/auditor-phone.txt in it). Copy LIST to the computer and name it as the phone:
#
#     auditor audit auditor-phone.txt BACKUP
#
# The list is one of sha256sum (`sha256sum -c` checks it); what else is known stands in its comments. Nothing is changed
# on the phone but LIST.

LC_ALL=C
export LC_ALL
root=${1:-/sdcard}
cd "$root" || exit 2
root=$(pwd)
list=${2:-$root/Download/auditor-phone.txt}
part=$list.partial
if [ $# -gt 0 ]; then set -- .; else set -- ./DCIM ./Pictures ./Movies ./Download ./Android/media; fi
line_break='
'

there() { # the folders of "$@" that this phone has, given to find with further words
    words=$1
    shift
    for folder; do
        [ -d "$folder" ] || continue
        # shellcheck disable=SC2086
        find "$folder" -type f ! -name "${list##*/}*" ! -path "*$line_break*" $words || echo "# unlisted $folder" >>"$part"
    done
}

echo "# auditor phone list 1" >"$part" || exit 2
# Which phone it is: two lists of two phones, or a list and a phone on a cable, are told apart by it. No more is known to
# programs on a phone.
model=$(getprop ro.product.model 2>/dev/null | tr -d '\r\n')
[ -z "$model" ] || echo "# model $model" >>"$part"
# A name with a line break would make two lines of one: such files are counted, and said to be missing from the list.
for folder; do
    [ -d "$folder" ] || continue
    find "$folder" -path "*$line_break*" -type f -print0 | xargs -0 sh -c \
        'for f; do echo "# unlisted a file with a line break in its name"; done' sh >>"$part"
done
echo "# files $(there -print "$@" | grep -c '^\./')" >>"$part"
there -print0 "$@" | xargs -0 stat -c '# stat %s %Y %n' | grep '^# stat [0-9]* -*[0-9]* \./' >>"$part"
there -print0 "$@" | xargs -0 sha256sum | grep '^\\*[0-9a-f]\{64\}  \./' >>"$part"
echo "# end $(grep -c '^\\*[0-9a-f]\{64\}  \./' "$part")" >>"$part"
mv "$part" "$list" && echo "$list"
