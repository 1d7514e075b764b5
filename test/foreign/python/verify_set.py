"""Verifies a security event token with one JOSE library; refusing it is exit code 3.

Reads {"token", "jwks", "issuer", "audience"} from standard input, prints the claims.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")


def with_jwcrypto(token, jwks, issuer, audience):
    from jwcrypto import jwk, jws

    read = jws.JWS()
    read.allowed_algs = ["RS256"]
    read.deserialize(token)
    keys = jwk.JWKSet.from_json(json.dumps(jwks))
    read.verify(keys.get_key(read.jose_header["kid"]))
    return read.jose_header, json.loads(read.payload)


def with_pyjwt(token, jwks, issuer, audience):
    import jwt

    header = jwt.get_unverified_header(token)
    found = [key for key in jwt.PyJWKSet.from_dict(jwks).keys if key.key_id == header["kid"]]
    claims = jwt.decode(
        token, found[0].key, algorithms=["RS256"], issuer=issuer, audience=audience
    )
    return header, claims


def with_jose(token, jwks, issuer, audience):
    from jose import jwt

    claims = jwt.decode(token, jwks, algorithms=["RS256"], issuer=issuer, audience=audience)
    return jwt.get_unverified_header(token), claims


def with_authlib(token, jwks, issuer, audience):
    from authlib.jose import JsonWebKey, JsonWebToken

    wanted = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": audience},
    }
    keys = JsonWebKey.import_key_set(jwks)
    claims = JsonWebToken(["RS256"]).decode(token, keys, claims_options=wanted)
    claims.validate()
    return claims.header, dict(claims)


STACKS = {
    "jwcrypto": with_jwcrypto,
    "jwt": with_pyjwt,
    "jose": with_jose,
    "authlib": with_authlib,
}


def main():
    given = json.load(sys.stdin)
    issuer, audience = given["issuer"], given["audience"]
    verify = STACKS[sys.argv[1]]
    __import__(sys.argv[1])
    try:
        header, claims = verify(given["token"], given["jwks"], issuer, audience)
    except Exception as refused:
        print(f"refused: {type(refused).__name__}", file=sys.stderr)
        sys.exit(3)
    if (header.get("typ"), claims["iss"], claims["aud"]) != ("secevent+jwt", issuer, audience):
        print("refused: typ, iss or aud", file=sys.stderr)
        sys.exit(3)
    print(json.dumps(claims))


main()
