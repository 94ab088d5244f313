//! Sealing of secrets with the database's key file, and random texts.

use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const KEY_LEN: usize = 32;

/// The key of `secret.key`.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// Where the key of a database is.
    pub fn path(directory: &Path) -> PathBuf {
        directory.join("secret.key")
    }

    /// Reads the key file; makes one if there is none and `may_create` (nothing was sealed yet).
    ///
    /// # Errors
    /// The file is missing, not readable, open to others or not a key.
    pub fn open(directory: &Path, may_create: bool) -> Result<SealingKey, Error> {
        let path = SealingKey::path(directory);
        let unusable = |reason| Error::KeyFile {
            path: path.clone(),
            reason,
        };
        let bytes = match std::fs::read(&path) {
            Ok(text) => {
                let mode = std::fs::metadata(&path)
                    .map_err(Error::io("secret.key"))?
                    .permissions()
                    .mode();
                if mode & 0o077 != 0 {
                    return Err(unusable("others can read it (its mode must be 0600)"));
                }
                let text = text.trim_ascii_end();
                STANDARD_NO_PAD
                    .decode(text)
                    .map_err(|_| unusable("it is not a key"))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && may_create => {
                create_key_file(&path)
                    .map_err(Error::io(format!("cannot write {}", path.display())))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(unusable("it is missing"));
            }
            Err(error) => return Err(Error::io(format!("cannot read {}", path.display()))(error)),
        };
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| unusable("it is not a key"))?;
        Ok(SealingKey(LessSafeKey::new(key)))
    }

    /// Seals `plain`; only the same context opens it. Nonce (random, 12 bytes), ciphertext, tag.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = random_bytes::<NONCE_LEN>();
        let mut sealed = plain.to_vec();
        // A key and lengths of this size cannot be refused: AES-GCM's limit is 64 GiB.
        #[allow(clippy::expect_used)]
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut sealed,
            )
            .expect("AES-256-GCM seals short texts");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`SealingKey::seal`] made; `None` if the key, the context or the bytes are not the same.
    pub fn open_sealed(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut buffer = sealed.to_vec();
        self.0
            .open_in_place(nonce, Aad::from(context), &mut buffer)
            .ok()
            .map(|plain| plain.to_vec())
    }
}

fn create_key_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let key = random_bytes::<KEY_LEN>();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}", STANDARD_NO_PAD.encode(key))?;
    file.sync_all()?;
    if let Some(parent) = path.parent() {
        std::fs::File::open(parent)?.sync_all()?;
    }
    Ok(key.to_vec())
}

/// Random bytes from the operating system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without the kernel's randomness no secret can be made: nothing sensible is left to do.
    #[allow(clippy::expect_used, clippy::disallowed_methods)]
    // The edge: secrets come from the system.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random text of letters and digits, fit for URLs and shells.
pub fn random_text(length: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789xy";
    (0..length)
        .map(|_| char::from(ALPHABET[usize::from(random_bytes::<1>()[0]) % ALPHABET.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_context_open_a_secret() {
        let directory = tempfile::tempdir().unwrap();
        let key = SealingKey::open(directory.path(), true).unwrap();
        let sealed = key.seal("access-key/a/b", b"secret");
        let again = SealingKey::open(directory.path(), false).unwrap();
        assert_eq!(
            again.open_sealed("access-key/a/b", &sealed).as_deref(),
            Some(b"secret".as_slice())
        );
        assert_eq!(again.open_sealed("access-key/a/c", &sealed), None);
        let other = tempfile::tempdir().unwrap();
        let other = SealingKey::open(other.path(), true).unwrap();
        assert_eq!(other.open_sealed("access-key/a/b", &sealed), None);
        assert_eq!(again.open_sealed("access-key/a/b", &sealed[..5]), None);
    }

    #[test]
    fn a_missing_or_public_key_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(SealingKey::open(directory.path(), false).is_err());
        SealingKey::open(directory.path(), true).unwrap();
        let path = SealingKey::path(directory.path());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = SealingKey::open(directory.path(), false).err().unwrap();
        assert!(error.to_string().contains("0600"), "{error}");
    }
}
