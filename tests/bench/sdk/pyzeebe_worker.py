# SPDX-License-Identifier: Apache-2.0
"""A worker with pyzeebe, over gRPC."""
import asyncio
import os

from pyzeebe import Job, ZeebeWorker, create_insecure_channel


async def main():
    worker = ZeebeWorker(create_insecure_channel(grpc_address=os.environ['BATON_GRPC']))

    @worker.task(task_type='bench.counted', max_jobs_to_activate=int(os.environ['MOST']), max_running_jobs=int(os.environ['MOST']))
    async def work(job: Job):
        return {'run': 1}

    await worker.work()

asyncio.run(main())
