using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Hnv.Linux.Native;

/// <summary>
/// What libbpf prints, caught per call: libbpf has one print callback per process and would write to stderr. Outside a
/// capture its words are dropped, because the error number already travels in the result.
/// </summary>
internal sealed unsafe class LibBpfLog : IDisposable
{
    private const int MaxLine = 64 * 1024;
    private const int DebugLevel = 2; // enum libbpf_print_level

    [ThreadStatic]
    private static LibBpfLog? _current;

    private readonly LibBpfLog? _outer;
    private readonly StringBuilder _text = new();

    static LibBpfLog() => LibBpf.SetPrint(&Print);

    private LibBpfLog()
    {
        _outer = _current;
        _current = this;
    }

    /// <summary>Collects what libbpf says on this thread until disposal.</summary>
    public static LibBpfLog Capture() => new();

    /// <summary>The lines so far, without the prefix "libbpf:" and without copies of a verifier log.</summary>
    public string Text => _text.ToString().TrimEnd();

    public void Dispose() => _current = _outer;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, nint arguments)
    {
        // va_list is passed by address on x86-64 and arm64 alike, so handing the address on is the same call.
        if (_current is not { } log || level >= DebugLevel)
        {
            return 0;
        }

        var buffer = (byte*)NativeMemory.Alloc(MaxLine);
        var written = Libc.FormatVarArgs(buffer, MaxLine, format, arguments);
        var line = LibBpf.Text(buffer);
        NativeMemory.Free(buffer);
        // The verifier's log arrives complete in the buffer given at open; its echo here may be cut.
        if (!line.Contains("BEGIN PROG LOAD LOG", StringComparison.Ordinal))
        {
            log._text.Append(line.StartsWith("libbpf: ", StringComparison.Ordinal) ? line["libbpf: ".Length..] : line);
        }

        return written;
    }
}
