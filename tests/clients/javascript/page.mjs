// What a web page does with the AWS SDK: bundled for the browser and called by page.browser.mjs.

import { DynamoDBClient, ResourceNotFoundException } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocument, paginateQuery } from "@aws-sdk/lib-dynamodb";

/** Writes an item, reads what is there, and says what came back. */
window.visit = async (options, visitor) => {
  const client = DynamoDBDocument.from(new DynamoDBClient({ ...options, maxAttempts: 1 }));
  const TableName = "visits";
  await client.put({ TableName, Item: { page: "home", visitor, tags: new Set(["new"]), bytes: new Uint8Array([1, 2]), text: "x".repeat(50_000) } });
  const visitors = [];
  const question = { TableName, KeyConditionExpression: "page = :p", ExpressionAttributeValues: { ":p": "home" } };
  for await (const page of paginateQuery({ client, pageSize: 1 }, question)) visitors.push(...page.Items.map((item) => [item.visitor, item.text.length, item.bytes[1]]));
  const unknown = await client.get({ TableName: "nope", Key: { a: 1 } }).catch((error) => error);
  return { visitors, isUnknown: unknown instanceof ResourceNotFoundException, message: unknown.message, requestId: unknown.$metadata?.requestId };
};
