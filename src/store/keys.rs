//! Every key comes from one master key: sealing, finding callers by number, access tokens, checkpoints.
//!
//! Invariant: the master key is 32 random bytes that never leave this file; what others get is derived for one use.

use super::StoreError;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac, rand,
    signature::Ed25519KeyPair,
};
use std::sync::Arc;

/// Derived keys, shared by cloning.
#[derive(Clone)]
pub struct Keys(Arc<Derived>);

struct Derived {
    wrap: LessSafeKey,
    aml: LessSafeKey,
    numbers: hmac::Key,
    messages: hmac::Key,
    links: hmac::Key,
    tokens: [u8; 32],
    fingerprint: [u8; 32],
    checkpoints: [u8; 32],
    /// While the master key is rotated: the one before, which still opens what is not wrapped anew.
    former: Option<Keys>,
}

struct Len32;

impl hkdf::KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

impl Keys {
    /// The keys of this master key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self::derive(master, None)
    }

    /// The keys of a new master key that also open what the former one wrapped.
    #[must_use]
    pub fn after(master: &[u8; 32], former: Self) -> Self {
        Self::derive(master, Some(former))
    }

    fn derive(master: &[u8; 32], former: Option<Self>) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"sigap.v1").extract(master);
        let derive = |purpose: &[u8]| {
            let mut out = [0; 32];
            root.expand(&[purpose], Len32)
                .and_then(|okm| okm.fill(&mut out))
                .expect("32 bytes are a valid HKDF length");
            out
        };
        Self(Arc::new(Derived {
            wrap: aes(&derive(b"wrap")),
            aml: aes(&derive(b"aml")),
            numbers: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"numbers")),
            messages: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"messages")),
            links: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"links")),
            tokens: derive(b"tokens"),
            fingerprint: derive(b"fingerprint"),
            checkpoints: derive(b"checkpoints"),
            former,
        }))
    }

    /// A keyed hash by which a phone number is found without being stored.
    #[must_use]
    pub fn number_hash(&self, number: &str) -> [u8; 32] {
        tag(&self.0.numbers, number.as_bytes())
    }

    /// A keyed hash by which a channel's message is known again. The channel's own name for it may hold the number.
    #[must_use]
    pub fn message_hash(&self, name: &str) -> [u8; 32] {
        tag(&self.0.messages, name.as_bytes())
    }

    /// Signs what a citizen's link says: half an HMAC, so that the link stays short.
    #[must_use]
    pub fn link_tag(&self, said: &[u8]) -> [u8; 16] {
        let mut half = [0; 16];
        half.copy_from_slice(&tag(&self.0.links, said)[..16]);
        half
    }

    /// Tells whether two nodes have the same master key, and nothing else about it.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        self.0.fingerprint
    }

    /// The key pair that signs access tokens.
    #[must_use]
    pub fn tokens(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.0.tokens).expect("32 bytes are a valid seed")
    }

    /// The key pair that signs checkpoints of journals.
    #[must_use]
    pub fn checkpoints(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.0.checkpoints).expect("32 bytes are a valid seed")
    }

    /// Seals places that wait for their call: nobody's subject yet.
    pub(super) fn aml(&self) -> &LessSafeKey {
        &self.0.aml
    }

    /// Wraps a subject's key; `context` binds it to its row.
    pub(super) fn wrap(&self, key: &[u8; 32], context: &str) -> Result<Vec<u8>, StoreError> {
        seal(&self.0.wrap, key, context)
    }

    /// Unwraps a subject's key.
    pub(super) fn unwrap_key(&self, wrapped: &[u8], context: &str) -> Result<LessSafeKey, StoreError> {
        match (open(&self.0.wrap, wrapped, context), &self.0.former) {
            (Ok(key), _) => Ok(aes(key.as_slice().try_into().map_err(|_| StoreError::Seal)?)),
            (Err(_), Some(former)) => former.unwrap_key(wrapped, context),
            (Err(error), None) => Err(error),
        }
    }

    /// The keys before these, while the master key is rotated.
    pub(super) fn former(&self) -> Option<&Self> {
        self.0.former.as_ref()
    }

    /// A key that the former master key wrapped, wrapped by this one; `None` where it is so already.
    ///
    /// # Errors
    /// [`StoreError::Seal`] when neither opens it.
    pub(super) fn rewrap(&self, wrapped: &[u8], context: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if open(&self.0.wrap, wrapped, context).is_ok() {
            return Ok(None);
        }
        let former = self.former().ok_or(StoreError::Seal)?;
        let key = open(&former.0.wrap, wrapped, context)?;
        seal(&self.0.wrap, &key, context).map(Some)
    }

    /// A name for the master key that tells nothing of it: 16 hexadecimal digits.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.fingerprint[..8].iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

fn tag(key: &hmac::Key, text: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hmac::sign(key, text).as_ref());
    out
}

/// Random bytes for keys, salts and tickets.
///
/// # Errors
/// [`StoreError::Seal`] when the system has no randomness to give.
pub fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut out = [0; N];
    rand::fill(&mut out).map_err(|_| StoreError::Seal)?;
    Ok(out)
}

pub(super) fn aes(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a valid AES-256 key"))
}

/// AES-256-GCM with a random nonce in front.
pub(super) fn seal(key: &LessSafeKey, text: &[u8], context: &str) -> Result<Vec<u8>, StoreError> {
    let nonce = random::<NONCE_LEN>()?;
    let mut sealed = text.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut sealed)
        .map_err(|_| StoreError::Seal)?;
    Ok([&nonce[..], &sealed].concat())
}

pub(super) fn open(key: &LessSafeKey, sealed: &[u8], context: &str) -> Result<Vec<u8>, StoreError> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(StoreError::Seal)?;
    let mut text = text.to_vec();
    let plain = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context.as_bytes()), &mut text)
        .map_err(|_| StoreError::Seal)?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_opens_only_in_its_place() {
        let key = aes(&[7; 32]);
        let sealed = seal(&key, b"a name", "BPN/1/name").unwrap();
        assert_eq!(open(&key, &sealed, "BPN/1/name").unwrap(), b"a name");
        assert!(open(&key, &sealed, "BPN/2/name").is_err());
        assert!(open(&aes(&[8; 32]), &sealed, "BPN/1/name").is_err());
        assert!(open(&key, &sealed[..5], "BPN/1/name").is_err());
    }

    #[test]
    fn uses_do_not_share_keys() {
        let keys = Keys::new(&[1; 32]);
        assert_ne!(keys.0.tokens, keys.0.checkpoints);
        assert_ne!(keys.0.tokens, keys.0.fingerprint);
        assert_ne!(keys.number_hash("081"), Keys::new(&[2; 32]).number_hash("081"));
    }
}
