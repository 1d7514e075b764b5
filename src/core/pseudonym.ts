/**
 * A pseudonym in a text: the type of what it stands for, the id of its key and 128 bits of HMAC in
 * base64url, in brackets. The redactor writes them (src/redact/tokens.ts).
 */
export const PSEUDONYM = /\[[a-z_]{2,32}:[A-Za-z0-9_-]{1,32}:[A-Za-z0-9_-]{22}\]/g;
