using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Hnv.Api.Client;

/// <summary>Reads UTF-8 lines and refuses endless ones: whatever a peer sends costs a bounded amount of memory.</summary>
internal sealed class LineReader(System.IO.Stream stream, int maxBytes) : IAsyncDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, leaveOpen: true));

    /// <summary>The next line without its end; null at the end of the stream. What follows the last line's end counts as a line.</summary>
    /// <exception cref="InvalidDataException">The line is longer than allowed.</exception>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await _pipe.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                ReadOnlySequence<byte> line = buffer.Slice(0, end);
                Check(line.Length);
                string text = Encoding.UTF8.GetString(line).TrimEnd('\r');
                _pipe.AdvanceTo(buffer.GetPosition(1, end));
                return text;
            }

            Check(buffer.Length);
            if (read.IsCompleted)
            {
                string? rest = buffer.IsEmpty ? null : Encoding.UTF8.GetString(buffer);
                _pipe.AdvanceTo(buffer.End);
                return rest;
            }

            _pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    public ValueTask DisposeAsync() => _pipe.CompleteAsync();

    private void Check(long length)
    {
        if (length > maxBytes)
        {
            throw new InvalidDataException($"a line is longer than {maxBytes} bytes");
        }
    }
}
