//! The secret that requests must know.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use sha2::{Digest, Sha256};

use crate::serve::error::{MIN_TOKEN, ServeError};

/// Name of the cookie that holds the token.
pub(in crate::serve) const TOKEN_COOKIE: &str = "translate_token";

/// A secret. It is compared by its hash, so that the time tells nothing about it.
pub(in crate::serve) struct Token {
    hash: [u8; 32],
}

impl Token {
    /// A secret of letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// It is short, or has other characters.
    pub(in crate::serve) fn new(text: &str) -> Result<Self, ServeError> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if !text.chars().all(is_plain) {
            return Err(ServeError::BadToken);
        }
        if text.len() < MIN_TOKEN {
            return Err(ServeError::WeakToken(text.len()));
        }
        Ok(Self {
            hash: Sha256::digest(text).into(),
        })
    }

    /// Whether `text` is the secret.
    pub(in crate::serve) fn is(&self, text: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(text).into();
        hash == self.hash
    }

    /// Whether a request knows it: as a bearer token, or in a cookie.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let bearer = bearer.and_then(|text| text.strip_prefix("Bearer "));
        let cookies = headers.get_all(COOKIE).iter();
        let cookies = cookies.filter_map(|it| it.to_str().ok());
        let mut given = cookies
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == TOKEN_COOKIE)
            .map(|(_, value)| value)
            .chain(bearer);
        given.any(|text| self.is(text.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_as_header_or_cookie() {
        let token = Token::new("abcdefgh-12345678").unwrap();
        let known = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            token.is_in(&headers)
        };
        assert!(known("authorization", "Bearer abcdefgh-12345678"));
        assert!(known("cookie", "a=b; translate_token=abcdefgh-12345678"));
        for (name, value) in [
            ("authorization", "Bearer abcdefgh-1234567"),
            ("authorization", "abcdefgh-12345678"),
            ("cookie", "token=abcdefgh-12345678"),
            ("cookie", "translate_token="),
        ] {
            assert!(!known(name, value), "{name}: {value}");
        }
        assert!(!token.is_in(&HeaderMap::new()));
        assert!(Token::new("short").is_err());
        assert!(Token::new("with spaces in it, long").is_err());
    }
}
