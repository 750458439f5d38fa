using System.Globalization;

namespace Hnv.Cli.Install;

/// <summary>One thing that installing or removing does. Paths are absolute; <c>--root</c> is put in front when it is done.</summary>
internal abstract record InstallStep
{
    private const UnixFileMode Directories = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>What it does, as a line for people.</summary>
    public abstract string Words { get; }

    /// <param name="root">What stands for <c>/</c>; empty for the machine itself.</param>
    /// <exception cref="IOException">It failed.</exception>
    public abstract void Do(string root);

    protected static void MakeParent(string path) => Directory.CreateDirectory(Path.GetDirectoryName(path)!, Directories);

    /// <summary>Writes a file.</summary>
    /// <param name="Path">Where.</param>
    /// <param name="Text">What.</param>
    /// <param name="Keep">Leave one that is there: it is the administrator's.</param>
    internal sealed record Write(string Path, string Text, bool Keep = false) : InstallStep
    {
        public override string Words => Keep ? $"write   {Path} (unless it is there)" : $"write   {Path}";

        public override void Do(string root)
        {
            string path = root + Path;
            if (Keep && File.Exists(path))
            {
                return;
            }

            MakeParent(path);
            File.WriteAllText(path, Text);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    /// <summary>Copies a directory; what was there goes when the copy is whole.</summary>
    internal sealed record Copy(string From, string To, Func<string, bool>? Select = null) : InstallStep
    {
        public override string Words => $"copy    {From} to {To}";

        public override void Do(string root)
        {
            string to = root + To, fresh = $"{to}.new", old = $"{to}.old";
            Remove(fresh);
            Remove(old);
            foreach (string file in Directory.EnumerateFiles(From, "*", SearchOption.AllDirectories))
            {
                string name = System.IO.Path.GetRelativePath(From, file);
                if (Select is null || Select(name))
                {
                    MakeParent(System.IO.Path.Combine(fresh, name));
                    File.Copy(file, System.IO.Path.Combine(fresh, name));
                }
            }

            // A program that runs from there keeps its open files.
            if (Directory.Exists(to))
            {
                Directory.Move(to, old);
            }

            Directory.Move(fresh, to);
            Remove(old);
        }

        private static void Remove(string directory)
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    /// <summary>Makes a symbolic link.</summary>
    internal sealed record Link(string Path, string Target) : InstallStep
    {
        public override string Words => $"link    {Path} -> {Target}";

        public override void Do(string root)
        {
            MakeParent(root + Path);
            File.Delete(root + Path);
            File.CreateSymbolicLink(root + Path, Target);
        }
    }

    /// <summary>Removes a file, a link, or (<paramref name="Recursive"/>) a directory with all that is in it; nothing there is fine.</summary>
    internal sealed record Delete(string Path, bool Recursive = false) : InstallStep
    {
        public override string Words => $"remove  {Path}";

        public override void Do(string root)
        {
            string path = root + Path;
            if (Recursive && Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null)
            {
                Directory.Delete(path, recursive: true);
            }
            else if (File.Exists(path) || new FileInfo(path).LinkTarget is not null)
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Removes a directory if nothing is in it.</summary>
    internal sealed record DeleteEmpty(string Path) : InstallStep
    {
        public override string Words => $"remove  {Path} (if it is empty)";

        public override void Do(string root)
        {
            if (Directory.Exists(root + Path) && !Directory.EnumerateFileSystemEntries(root + Path).Any())
            {
                Directory.Delete(root + Path);
            }
        }
    }

    /// <summary>Runs a program of this machine; left out with <c>--root</c>.</summary>
    /// <param name="Program">Name.</param>
    /// <param name="Arguments">Arguments.</param>
    /// <param name="MayFail">Whether the rest is done all the same.</param>
    internal sealed record Run(string Program, string[] Arguments, bool MayFail = false) : InstallStep
    {
        public override string Words => $"run     {Program} {string.Join(' ', Arguments)}";

        public override void Do(string root)
        {
            if (root.Length > 0)
            {
                return;
            }

            var start = new System.Diagnostics.ProcessStartInfo(Program, Arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
            try
            {
                using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
                Task<string> output = process.StandardOutput.ReadToEndAsync();
                string error = process.StandardError.ReadToEnd();
                process.WaitForExit();
                output.Wait();
                if (process.ExitCode != 0 && !MayFail)
                {
                    throw new IOException(string.Create(CultureInfo.InvariantCulture, $"'{Program} {string.Join(' ', Arguments)}' ended with {process.ExitCode}: {error.Trim()}"));
                }
            }
            catch (System.ComponentModel.Win32Exception e) when (MayFail)
            {
                _ = e; // Not there: nothing of it to do.
            }
            catch (System.ComponentModel.Win32Exception e)
            {
                throw new IOException($"{Program} cannot be run: {e.Message}", e);
            }
        }
    }
}
