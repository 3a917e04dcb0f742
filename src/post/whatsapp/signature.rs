//! Whether a webhook's body comes from Meta.

use super::Secret;
use aws_lc_rs::hmac;

/// Whether `header`, the value of `X-Hub-Signature-256`, is the HMAC-SHA256 of these very bytes under the app's secret.
/// The comparison takes the same time wherever the two differ.
#[must_use]
pub fn is_signed(app_secret: &Secret, header: &str, body: &[u8]) -> bool {
    let Some(tag) = header.trim().strip_prefix("sha256=").and_then(from_hex) else { return false };
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, app_secret.reveal().as_bytes()), body, &tag).is_ok()
}

/// 32 bytes in hexadecimal digits.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `printf '{"object":"x"}' | openssl dgst -sha256 -hmac key`
    const TAG: &str = "sha256=b8c74c783c95f5617944766322ec258f783bd9d4d7f6dd6c99074d9611687af1";

    #[test]
    fn the_signature_of_the_very_bytes() {
        let key = Secret::from("key");
        assert!(is_signed(&key, TAG, br#"{"object":"x"}"#));
        assert!(is_signed(&key, &TAG.to_uppercase().replace("SHA256", "sha256"), br#"{"object":"x"}"#));
        assert!(!is_signed(&key, TAG, br#"{"object": "x"}"#), "another body");
        assert!(!is_signed(&Secret::from("kez"), TAG, br#"{"object":"x"}"#), "another key");
        for wrong in ["", "sha256=", &TAG[7..], &TAG[..70], "sha1=00", &format!("{TAG}0"), &TAG.replace('a', "+")] {
            assert!(!is_signed(&key, wrong, br#"{"object":"x"}"#), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(header in "\\PC{0,80}") {
            prop_assert!(!is_signed(&Secret::from("key"), &header, b"x"));
        }
    }
}
