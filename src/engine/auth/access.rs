//! Access tokens: JWTs signed with Ed25519, good for ten minutes, checked without the database.

use super::{ACCESS_MS, AuthError};
use crate::{
    domain::{ids::AccountId, time::UnixMs},
    store::StoreError,
};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// Who issues them.
const ISSUER: &str = "sigap";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: AccountId,
    /// Seconds since 1970, as RFC 7519 has them.
    iat: i64,
    exp: i64,
}

/// Issues and checks.
pub struct AccessTokens {
    sign: EncodingKey,
    verify: DecodingKey,
    rules: Validation,
}

impl AccessTokens {
    /// Tokens of this key pair.
    pub fn new(pair: &Ed25519KeyPair) -> Result<Self, AuthError> {
        let pkcs8 = pair.to_pkcs8().map_err(|_| StoreError::Seal)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["iss", "sub", "exp"]);
        // The library would ask its own clock.
        rules.validate_exp = false;
        Ok(Self {
            sign: EncodingKey::from_ed_der(pkcs8.as_ref()),
            verify: DecodingKey::from_ed_der(pair.public_key().as_ref()),
            rules,
        })
    }

    /// A token for an account, and until when it is good.
    pub fn issue(&self, account: AccountId, now: UnixMs) -> Result<(String, UnixMs), AuthError> {
        let exp = now.plus(ACCESS_MS).0.div_euclid(1_000);
        let claims = Claims { iss: ISSUER.to_owned(), sub: account, iat: now.0.div_euclid(1_000), exp };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.sign);
        Ok((token.map_err(|_| StoreError::Seal)?, UnixMs(exp.saturating_mul(1_000))))
    }

    /// Whose token it is.
    pub fn check(&self, token: &str, now: UnixMs) -> Result<AccountId, AuthError> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.verify, &self.rules).map_err(|_| AuthError::BadToken)?;
        if now.0 >= data.claims.exp.saturating_mul(1_000) {
            return Err(AuthError::ExpiredToken);
        }
        Ok(data.claims.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Keys;

    const NOW: UnixMs = UnixMs(1_793_581_200_999);

    fn tokens(master: u8) -> AccessTokens {
        AccessTokens::new(&Keys::new(&[master; 32]).tokens()).unwrap()
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let (tokens, account) = (tokens(1), AccountId::random());
        let (token, expires) = tokens.issue(account, NOW).unwrap();
        assert!((ACCESS_MS - 999..=ACCESS_MS).contains(&expires.since(NOW)));
        assert_eq!(tokens.check(&token, NOW).unwrap(), account);
        assert_eq!(tokens.check(&token, expires.plus(-1)).unwrap(), account);
        assert!(matches!(tokens.check(&token, expires), Err(AuthError::ExpiredToken)));
    }

    #[test]
    fn foreign_and_changed_tokens_are_refused() {
        let ours = tokens(1);
        let (token, _) = ours.issue(AccountId::random(), NOW).unwrap();
        let (foreign, _) = tokens(2).issue(AccountId::random(), NOW).unwrap();
        let mut parts = token.split('.');
        let (head, body, sign) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let claims = Claims { iss: ISSUER.to_owned(), sub: AccountId::random(), iat: 0, exp: i64::MAX };
        let by_secret = EncodingKey::from_secret(b"public");
        let other_algorithm = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &by_secret).unwrap();
        let elsewhere = Claims { iss: "other".to_owned(), ..claims };
        let other_issuer = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &elsewhere, &ours.sign).unwrap();
        let other_body = format!("{head}.{}.{sign}", foreign.split('.').nth(1).unwrap());
        let unsigned = format!("{head}.{body}.");
        for wrong in ["", "a.b.c", &foreign, &other_body, &unsigned, &other_algorithm, &other_issuer, &token[1..]] {
            assert!(matches!(ours.check(wrong, NOW), Err(AuthError::BadToken)), "{wrong}");
        }
    }
}
