use super::*;
use proptest::prelude::*;

fn position() -> Position {
    Position {
        chain: 99,
        next: Lsn(7),
        epoch: Epoch(2),
        batch: 5,
        timestamp_micros: 123,
    }
}

fn batch(payloads: Vec<Bytes>) -> Batch {
    Batch {
        epoch: Epoch(3),
        first: Lsn(7),
        timestamp_micros: 456,
        payloads,
    }
}

fn header() -> SegmentHeader {
    SegmentHeader {
        shard: ShardId(4),
        salt: 0xDEAD_BEEF,
        start: position(),
        previous_first: Lsn(2),
        previous_end: 8192,
    }
}

/// Splits a buffer into frames and puts the records together again.
fn decode_frames(mut buffer: &[u8], mut chain: u64) -> Vec<(Lsn, Vec<u8>)> {
    let mut records: Vec<(Lsn, Vec<u8>)> = Vec::new();
    while !buffer.is_empty() {
        let length = frame_length(buffer).unwrap();
        assert!(length <= FRAME_BYTES_MAX);
        let (frame, rest) = buffer.split_at(length);
        let header = FrameHeader::decode(frame, chain).unwrap();
        assert_eq!((header.shard, header.epoch), (ShardId(4), Epoch(3)));
        assert_eq!((header.batch, header.timestamp_micros), (6, 456));
        let body = &frame[FRAME_HEADER_BYTES..];
        match header.fragment {
            Fragment::Whole => {
                for (record, lsn) in whole_records(body).zip(header.first.0..) {
                    records.push((Lsn(lsn), record.unwrap().to_vec()));
                }
            }
            Fragment::First => {
                let (total, part) = first_part(body).unwrap();
                assert!(total > part.len());
                records.push((header.first, part.to_vec()));
            }
            Fragment::Middle | Fragment::Last => {
                let (lsn, record) = records.last_mut().unwrap();
                assert_eq!(*lsn, header.first);
                record.extend_from_slice(body);
            }
        }
        chain = header.chain;
        buffer = rest;
    }
    records
}

fn round_trip(lengths: &[usize]) {
    let payloads: Vec<Bytes> = lengths
        .iter()
        .map(|length| (0..*length).map(|at| (at / 3) as u8).collect())
        .collect();
    let batch = batch(payloads.clone());
    let mut after = position();
    let mut buffer = Vec::new();
    let frames = encode_batch(&mut buffer, &batch, ShardId(4), &mut after);
    assert!(frames > 0);
    assert_eq!(buffer.len() as u64, encoded_bytes(&batch));
    assert_eq!(after.next, Lsn(7 + payloads.len() as u64));
    let decoded = decode_frames(&buffer, 99);
    let expected: Vec<(Lsn, Vec<u8>)> = payloads
        .iter()
        .zip(7..)
        .map(|(payload, lsn)| (Lsn(lsn), payload.to_vec()))
        .collect();
    assert!(decoded == expected, "lengths {lengths:?}");
}

#[test]
fn frames_come_back_around_every_bound() {
    let longest_whole = FRAME_BODY_BYTES_MAX - RECORD_LENGTH_BYTES;
    for length in [
        0,
        1,
        longest_whole - 1,
        longest_whole,
        longest_whole + 1,
        longest_whole + FRAME_BODY_BYTES_MAX,
        longest_whole + FRAME_BODY_BYTES_MAX + 1,
        3_000_000,
    ] {
        round_trip(&[length]);
        round_trip(&[5, length, 0, length, 9]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn frames_come_back(lengths in prop::collection::vec(
        prop_oneof![4 => 0usize..2_000, 1 => 100_000usize..600_000], 1..30))
    {
        round_trip(&lengths);
    }

    #[test]
    fn a_frame_with_a_flipped_bit_is_refused(length in 0usize..300, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut buffer = Vec::new();
        encode_batch(&mut buffer, &batch(vec![vec![7; length].into()]), ShardId(4), &mut position());
        prop_assert!(FrameHeader::decode(&buffer, 99).is_ok());
        prop_assert!(FrameHeader::decode(&buffer, 98).is_err(), "the chain before it counts");
        let at = at.index(buffer.len());
        buffer[at] ^= 1u8 << bit;
        prop_assert!(FrameHeader::decode(&buffer, 99).is_err());
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = frame_length(&bytes);
        prop_assert!(FrameHeader::decode(&bytes, 1).is_err());
        prop_assert!(SegmentHeader::decode(&bytes).is_err());
        prop_assert!(GroupHeader::decode(&bytes, 1, 0).is_none());
        let _ = whole_records(&bytes).count();
        let _ = first_part(&bytes);
    }
}

#[test]
fn segment_headers_come_back_and_every_bit_counts() {
    let page = header().encode();
    assert_eq!(page.len() as u64, HEADER_PAGE_BYTES);
    assert_eq!(SegmentHeader::decode(&page), Ok(header()));
    for at in 0..SEGMENT_HEADER_BYTES {
        let mut page = page.clone();
        page[at] ^= 0x10;
        assert!(SegmentHeader::decode(&page).is_err(), "byte {at}");
    }
    let mut newer = page.clone();
    newer[8] = 2;
    assert_eq!(SegmentHeader::decode(&newer), Err(HeaderFault::Version(2)));
}

#[test]
fn group_headers_belong_to_a_place_and_a_salt() {
    let header = GroupHeader {
        offset: 4160,
        synced: 4160,
        body_bytes: 100,
        frames: 2,
        first: Lsn(5),
        last: Lsn(9),
        chain: 77,
    };
    let bytes = header.encode(1);
    assert_eq!(GroupHeader::decode(&bytes, 1, 4160), Some(header));
    assert_eq!(GroupHeader::decode(&bytes, 2, 4160), None);
    assert_eq!(GroupHeader::decode(&bytes, 1, 4096), None);
    for at in 0..GROUP_HEADER_BYTES {
        let mut bytes = bytes;
        bytes[at] ^= 1;
        assert_eq!(GroupHeader::decode(&bytes, 1, 4160), None, "byte {at}");
    }
}
