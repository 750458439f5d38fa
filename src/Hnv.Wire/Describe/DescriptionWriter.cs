using System.Globalization;
using System.Text;

namespace Hnv.Wire;

/// <summary>Lines of name and value in two columns, indented by the depth of the tunnel.</summary>
internal sealed class DescriptionWriter
{
    private const int Column = 27;
    private const int DataShown = 32;
    private readonly StringBuilder _text = new();

    /// <summary>Tunnels around the frame that is being written.</summary>
    public int Depth { get; set; }

    public void Header(string name, string remark) => Line(0, name, remark);

    public void Field<T>(string name, T value) => Line(1, name, string.Create(CultureInfo.InvariantCulture, $"{value}"));

    public void Malformed(string name, ReadOnlySpan<byte> bytes) => Line(0, name, $"malformed or truncated, {bytes.Length} bytes: {Hex(bytes)}");

    public void Data(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            Line(0, "data", $"{bytes.Length} bytes: {Hex(bytes)}");
        }
    }

    public override string ToString() => _text.ToString();

    private static string Hex(ReadOnlySpan<byte> bytes) =>
        Convert.ToHexStringLower(bytes[..Math.Min(bytes.Length, DataShown)]) + (bytes.Length > DataShown ? "…" : string.Empty);

    private void Line(int level, string name, string value)
    {
        int indent = 2 * (Depth + level);
        _text.Append(' ', indent).Append(name.PadRight(Math.Max(Column - indent, name.Length + 1))).Append(value).Append('\n');
    }
}
