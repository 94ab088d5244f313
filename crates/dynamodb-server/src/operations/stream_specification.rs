//! StreamSpecification, as CreateTable and UpdateTable take it and descriptions show it.

use crate::constraints::Constraints;
use crate::exception::Exception;
use crate::json::{ObjectWriter, Structure};
use crate::messages;
use crate::service::Service;
use shale_engine::{CreateTable, StreamName, StreamView};

/// StreamViewType by name.
const VIEWS: [(&str, StreamView); 4] = [
    ("NEW_IMAGE", StreamView::NewImage),
    ("OLD_IMAGE", StreamView::OldImage),
    ("NEW_AND_OLD_IMAGES", StreamView::NewAndOldImages),
    ("KEYS_ONLY", StreamView::KeysOnly),
];

/// The name of a StreamViewType.
pub(super) fn view_name(view: StreamView) -> &'static str {
    match view {
        StreamView::NewImage => "NEW_IMAGE",
        StreamView::OldImage => "OLD_IMAGE",
        StreamView::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        StreamView::KeysOnly => "KEYS_ONLY",
    }
}

/// The parameter as far as the API model constrains it.
#[derive(Debug)]
pub(super) struct StreamSpecification {
    enabled: bool,
    view: Option<StreamView>,
}

impl StreamSpecification {
    /// Takes the parameter.
    pub(super) fn take(
        request: &mut Structure<'_>,
        constraints: &mut Constraints,
    ) -> Result<Option<StreamSpecification>, Exception> {
        let Some(mut specification) =
            request.structure("StreamSpecification", "StreamSpecification")?
        else {
            return Ok(None);
        };
        let enabled = specification.bool("StreamEnabled")?;
        let enabled = constraints.required(enabled, "StreamSpecification.StreamEnabled");
        let word = specification.string("StreamViewType")?;
        let path = "StreamSpecification.StreamViewType";
        let view = constraints.enumeration(word.as_deref(), path, &VIEWS);
        Ok(Some(StreamSpecification {
            enabled: enabled.unwrap_or_default(),
            view,
        }))
    }

    /// What the records shall hold; none: no stream. The view of a stream that is switched off does not matter, as in the service.
    pub(super) fn view(&self) -> Result<Option<StreamView>, Exception> {
        match (self.enabled, self.view) {
            (false, _) => Ok(None),
            (true, None) => Err(Exception::validation(messages::VIEW_TYPE_MISSING)),
            (true, view) => Ok(view),
        }
    }
}

/// Writes StreamSpecification, LatestStreamLabel and LatestStreamArn of a description.
pub(super) fn write_stream(
    out: &mut ObjectWriter<'_>,
    service: &Service,
    definition: &CreateTable,
) {
    if let Some(stream) = &definition.derived.stream {
        out.object("StreamSpecification", |specification| {
            specification.bool("StreamEnabled", true);
            specification.string("StreamViewType", view_name(stream.view));
        });
    }
    if let Some(micros) = definition.derived.latest_stream_micros {
        let name = StreamName {
            table: definition.name.clone(),
            created_millis: micros / 1000,
        };
        out.string(
            "LatestStreamLabel",
            &crate::stream_name::label(name.created_millis),
        );
        out.string("LatestStreamArn", &service.stream_arn(&name));
    }
}
