using System.Text;

namespace Hnv.StateLog.Keys;

/// <summary>Keys as the bytes that are stored and compared.</summary>
internal static class KeyEncoding
{
    /// <summary>Strict: a lone surrogate has no UTF-8 form, and a replacement character would make different keys equal.</summary>
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">The text holds a lone surrogate.</exception>
    public static byte[] Encode(string text, string parameterName)
    {
        try
        {
            return Utf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("A key must be well-formed Unicode; this one holds a lone surrogate.", parameterName, e);
        }
    }

    public static string Decode(ReadOnlySpan<byte> bytes) => Utf8.GetString(bytes);
}
