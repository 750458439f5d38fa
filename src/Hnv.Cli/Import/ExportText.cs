using System.Text;

namespace Hnv.Cli.Import;

/// <summary>
/// From bytes to text, as PowerShell writes it: UTF-16 with a byte order mark (<c>&gt; file</c> and <c>Out-File</c> of Windows PowerShell 5),
/// UTF-8 with or without one (<c>-Encoding UTF8</c>, PowerShell 7). UTF-16 without a mark shows by the zeros of its first letters.
/// </summary>
internal static class ExportText
{
    /// <exception cref="DecoderFallbackException">It is none of these.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xff, 0xfe, .. var rest] => Strict(bigEndian: false).GetString(rest),
        [0xfe, 0xff, .. var rest] => Strict(bigEndian: true).GetString(rest),
        [0xef, 0xbb, 0xbf, .. var rest] => s_utf8.GetString(rest),
        [not 0, 0, ..] => Strict(bigEndian: false).GetString(bytes),
        [0, not 0, ..] => Strict(bigEndian: true).GetString(bytes),
        _ => s_utf8.GetString(bytes),
    };

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static UnicodeEncoding Strict(bool bigEndian) => new(bigEndian, byteOrderMark: false, throwOnInvalidBytes: true);
}
