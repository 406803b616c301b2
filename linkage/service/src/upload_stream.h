#ifndef TALLY_LINKAGE_SERVICE_SRC_UPLOAD_STREAM_H_
#define TALLY_LINKAGE_SERVICE_SRC_UPLOAD_STREAM_H_

// The network's end of an UploadSession: messages are worked on by the executor
// one at a time, in order, while the next two are received. More are not read,
// so that flow control holds a sender that is faster than the disk: a stream
// holds four messages of 1 MiB at most. While one of them waits or is worked
// on, or an acknowledgement is due, the clocks of the watch stand still: what
// the hub takes is not held against the source.
//
// Threading: gRPC's threads, the executor's, and the ticker's.
// Secrets: none kept.

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "linkage/service/hub.h"
#include "tally/extract/v1/extract.pb.h"
#include "transport/stream_watch.h"
#include "transport/unary.h"
#include "upload_session.h"

namespace tally::linkage {

class UploadStream;

// All open upload streams: makes them, and sees that batches that wait are
// acknowledged in time.
class UploadStreams {
 public:
  using Reactor = grpc::ServerBidiReactor<extract::v1::UploadBatchesRequest,
                                          extract::v1::UploadBatchesResponse>;

  UploadStreams(Hub& hub, transport::CallRuntime& calls,
                transport::StreamWatch& watch);
  ~UploadStreams();
  UploadStreams(const UploadStreams&) = delete;
  UploadStreams& operator=(const UploadStreams&) = delete;

  Reactor* Open(grpc::CallbackServerContext* context);

 private:
  void Tick();

  Hub& hub_;
  transport::CallRuntime& calls_;
  transport::StreamWatch& watch_;
  Mutex mu_;
  CondVar wake_;
  bool stop_ TALLY_GUARDED_BY(mu_) = false;
  std::vector<std::weak_ptr<UploadStream>> streams_ TALLY_GUARDED_BY(mu_);
  std::thread ticker_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_SRC_UPLOAD_STREAM_H_
