check() { # verifies the first signature line of a note with OpenSSL
    work=$(mktemp -d)
    sed '/^$/,$d' "$1" > "$work/text"
    line=$(sed -n '/^— /{s/^— //p;q;}' "$1")
    printf %s "${line##* }" | base64 -d > "$work/line"
    id=$(head -c 4 "$work/line" | od -An -tx1 | tr -d ' \n')
    tail -c +5 "$work/line" > "$work/signature"
    key=$(grep -m 1 -F "${line%% *}+$id+" keys.txt | cut -d+ -f3-)
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; printf %s "$key" | base64 -d | tail -c 32; } > "$work/key"
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key" -rawin -in "$work/text" -sigfile "$work/signature"
}
