//! The window by itself; what it means for writers is tested over a whole shard.

use super::*;

fn keys(key: &[u8]) -> Keys {
    keys_of(&TreeBatch {
        writes: vec![(Role::Items, Bytes::copy_from_slice(key), None)],
    })
}

fn window(bytes_max: usize) -> Window {
    Window {
        bytes_max,
        ..Window::new(Lsn(10), &Outstanding::new())
    }
}

fn lsns(window: &Window, checked: u64) -> Option<Vec<u64>> {
    Some(window.above(Lsn(checked))?.map(|(lsn, _)| lsn.0).collect())
}

#[test]
fn it_tells_what_came_after_and_refuses_what_it_has_forgotten() {
    let mut window = window(WINDOW_BYTES_MAX);
    for lsn in 11..=20 {
        window.push(Lsn(lsn), keys(b"k"));
    }
    assert_eq!(lsns(&window, 10).unwrap(), (11..=20).collect::<Vec<_>>());
    assert_eq!(lsns(&window, 20).unwrap(), []);
    assert_eq!(lsns(&window, 9), None);

    window.needless = Lsn(17);
    window.push(Lsn(21), keys(b"k"));
    window.push(Lsn(22), keys(b"k"));
    assert_eq!(lsns(&window, 17).unwrap(), [18, 19, 20, 21, 22]);
    assert_eq!(lsns(&window, 16), None);
}

#[test]
fn it_holds_no_more_than_its_bytes() {
    let mut window = window(1000);
    for lsn in 11..=1000 {
        window.push(Lsn(lsn), keys(b"0123456789"));
        assert!(window.bytes <= 1000);
    }
    assert!(lsns(&window, 10).is_none());
    assert_eq!(lsns(&window, 990).unwrap().len(), 10);
    // One record that is larger than the window passes it whole.
    window.push(Lsn(1001), keys(&[b'x'; 2000]));
    assert!(lsns(&window, 1000).is_none());
    assert_eq!(lsns(&window, 1001).unwrap(), []);
    assert_eq!(window.bytes, 0);
}

#[test]
fn keys_of_all_roles_come_back() {
    let writes: Vec<_> = Role::ALL
        .iter()
        .map(|role| (*role, Bytes::copy_from_slice(role.name().as_bytes()), None))
        .collect();
    let encoded = keys_of(&TreeBatch {
        writes: writes.clone(),
    });
    let decoded: Vec<_> = each_key(&encoded).collect();
    let expected: Vec<_> = writes
        .iter()
        .map(|(role, key, _)| (*role, &key[..]))
        .collect();
    assert_eq!(decoded, expected);
}
