# SPDX-License-Identifier: Apache-2.0
"""A worker with camunda-orchestration-sdk, over REST."""
import asyncio
import os

from camunda_orchestration_sdk import CamundaAsyncClient, WorkerConfig


async def work(context):
    return {'run': 1}


async def main():
    async with CamundaAsyncClient(configuration={'CAMUNDA_REST_ADDRESS': os.environ['BATON_URL'], 'CAMUNDA_AUTH_STRATEGY': 'NONE'}) as client:
        client.create_job_worker(config=WorkerConfig(job_type='bench.counted', job_timeout_milliseconds=60000, max_concurrent_jobs=int(os.environ['MOST'])), callback=work)
        await client.run_workers()

asyncio.run(main())
