"""Drives a server with the Python client of the Model Context Protocol.

Reads a JSON object with the server and the calls from standard input. Writes a JSON object with the results.
"""

import asyncio
import json
import sys

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client


async def drive(client, calls, resource):
    tools = await client.list_tools()
    templates = await client.list_resource_templates()
    answers = []
    for name, arguments in calls:
        result = await client.call_tool(name, arguments)
        text = "".join(block.text for block in result.content if block.type == "text")
        answers.append({"is_error": result.is_error, "structured": result.structured_content, "text": text})
    read = None
    if resource is not None:
        try:
            read = (await client.read_resource(resource)).contents[0].text
        except Exception as error:
            read = str(error)
    return {
        "tools": sorted(tool.name for tool in tools.tools),
        "templates": len(templates.resource_templates),
        "answers": answers,
        "resource": read,
    }


async def main(task):
    arguments = (task["calls"], task.get("resource"))
    if "command" in task:
        server = StdioServerParameters(command=task["command"], args=task["args"], env=task["env"])
        async with Client(server, mode=task["mode"]) as client:
            return await drive(client, *arguments)
    headers = {"Authorization": "Bearer " + task["token"]}
    async with httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
        server = streamable_http_client(task["url"], http_client=http)
        async with Client(server, mode=task["mode"]) as client:
            return await drive(client, *arguments)


print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
