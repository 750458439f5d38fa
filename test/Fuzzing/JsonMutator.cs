using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hnv.Fuzzing;

/// <summary>
/// JSON, or one of several lines of JSON, with one to three values changed, renamed, doubled or gone: still JSON, so it gets further than bytes at random.
/// </summary>
internal static class JsonMutator
{
    /// <param name="words">What means something to the parser, put in as text.</param>
    /// <returns>False where the sample is no JSON, or has a name twice.</returns>
    public static bool TryMutate(byte[] sample, Random random, IReadOnlyList<string> words, [NotNullWhen(true)] out byte[]? json)
    {
        int from = 0, to = sample.Length;
        if (sample.AsSpan().IndexOf("}\n{"u8) >= 0)
        {
            // A line of many.
            int at = random.Next(sample.Length);
            from = sample.AsSpan(0, at).LastIndexOf((byte)'\n') + 1;
            to = sample.AsSpan(at).IndexOf((byte)'\n') is >= 0 and var end ? at + end : sample.Length;
        }

        json = TryMutate(sample.AsSpan(from, to - from), random, words) is { } changed ? [.. sample[..from], .. changed, .. sample[to..]] : null;
        return json is not null;
    }

    private static byte[]? TryMutate(ReadOnlySpan<byte> sample, Random random, IReadOnlyList<string> words)
    {
        if (sample.TrimStart(" \r\n\t"u8) is not [(byte)'{' or (byte)'[', ..])
        {
            return null;
        }

        try
        {
            JsonNode? root = JsonNode.Parse(sample);
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                Change(root, random, words);
            }

            return Encoding.UTF8.GetBytes(root!.ToJsonString());
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static void Change(JsonNode? node, Random random, IReadOnlyList<string> words)
    {
        while (true)
        {
            switch (node)
            {
                case JsonObject { Count: > 0 } o:
                    string key = o.ElementAt(random.Next(o.Count)).Key;
                    if (o[key] is JsonObject or JsonArray && random.Next(5) > 0)
                    {
                        node = o[key];
                        continue;
                    }

                    if (random.Next(6) == 0)
                    {
                        o.Remove(key);
                    }
                    else
                    {
                        o[random.Next(8) == 0 ? key + "x" : key] = Hostile(random, words, o[key]);
                    }

                    return;
                case JsonArray { Count: > 0 } a:
                    int at = random.Next(a.Count);
                    if (a[at] is JsonObject or JsonArray && random.Next(5) > 0)
                    {
                        node = a[at];
                        continue;
                    }

                    a[at] = Hostile(random, words, a[at]);
                    if (random.Next(4) == 0)
                    {
                        a.Add(a[at]?.DeepClone());
                    }

                    return;
                default:
                    return;
            }
        }
    }

    private static JsonNode? Hostile(Random random, IReadOnlyList<string> words, JsonNode? was) => random.Next(words.Count == 0 ? 13 : 15) switch
    {
        0 => null,
        1 => -1,
        2 => long.MaxValue,
        3 => 1.5,
        4 => true,
        5 => string.Empty,
        6 => new JsonArray(),
        7 => new JsonObject(),
        8 => new JsonArray(was?.DeepClone(), was?.DeepClone()),
        9 => new string('x', 5000),
        10 => "0.0.0.0",
        11 => "::/0",
        12 => uint.MaxValue,
        _ => words[random.Next(words.Count)],
    };
}
