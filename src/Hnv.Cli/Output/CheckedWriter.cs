using System.Text;

namespace Hnv.Cli.Output;

/// <summary>Passes on what is written; what cannot be is an error in words, and not one of whatever was being done.</summary>
/// <param name="what">What is written there: <c>The result</c>.</param>
internal sealed class CheckedWriter(TextWriter inner, string what) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    [System.Diagnostics.CodeAnalysis.AllowNull]
    public override string NewLine
    {
        get => inner.NewLine;
        set => inner.NewLine = value;
    }

    public override void Write(char value) => Checked(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Checked(() => inner.Write(buffer, index, count));

    public override void Write(string? value) => Checked(() => inner.Write(value));

    public override void WriteLine(string? value) => Checked(() => inner.WriteLine(value));

    public override void Flush() => Checked(inner.Flush);

    private void Checked(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Failed($"{what} cannot be written: {IoProblem.Of(e)}");
        }
    }
}
