#ifndef TALLY_LINKAGE_SERVICE_SRC_DOWNLOAD_STREAM_H_
#define TALLY_LINKAGE_SERVICE_SRC_DOWNLOAD_STREAM_H_

// Sends one file of a release, piece by piece; the audit entry is written
// before the first byte. A whole file is compared with its published digest as
// it is read.
//
// Threading: gRPC's threads and the executor's.
// Secrets: none kept.

#include <grpcpp/support/server_callback.h>

#include "linkage/service/calls.h"
#include "tally/release/v1/release.pb.h"
#include "transport/stream_watch.h"
#include "transport/unary.h"

namespace tally::linkage {

grpc::ServerWriteReactor<release::v1::DownloadFileResponse>* OpenDownloadStream(
    ReleaseCalls& releases, transport::CallRuntime& calls,
    transport::StreamWatch& watch, grpc::CallbackServerContext* context,
    const release::v1::DownloadFileRequest* request);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_SRC_DOWNLOAD_STREAM_H_
