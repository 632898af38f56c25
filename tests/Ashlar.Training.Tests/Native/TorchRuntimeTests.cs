using System.Diagnostics;
using Ashlar.Training.Native;
using TorchSharp;

namespace Ashlar.Training.Tests.Native;

public sealed class TorchRuntimeTests
{
    [Fact]
    public void LoadsWithoutACopyBesideTheApplicationAndUsesOneThread()
    {
        Assert.Equal(1, torch.get_num_threads());
        using torch.Tensor product = torch.mm(torch.ones(2, 3), torch.ones(3, 2));
        Assert.Equal(3f, product[1, 1].item<float>());
        Assert.Empty(Directory.EnumerateFiles(AppContext.BaseDirectory, "*torch_cpu*", SearchOption.AllDirectories));
    }

    [Fact]
    public void ADeviceThatIsNotThereIsNamedInTheMessage()
    {
        Assert.Equal(DeviceType.CPU, TorchRuntime.Device("cpu").type);
        Assert.Contains("'gpu'", Assert.Throws<InvalidDataException>(() => TorchRuntime.Device("gpu")).Message);
        Assert.Throws<InvalidDataException>(() => TorchRuntime.Device("cuda:x"));
        if (!torch.cuda_is_available())
            Assert.Contains("'cuda'", Assert.Throws<InvalidDataException>(() => TorchRuntime.Device("cuda")).Message);
        if (!torch.mps_is_available())
            Assert.Contains("'mps'", Assert.Throws<InvalidDataException>(() => TorchRuntime.Device("mps")).Message);
    }

    [Fact]
    public void AMissingLibtorchIsOneSentence()
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output) = LoadInChild(("ASHLAR_LIBTORCH", folder.Path));
        Assert.Equal(2, exitCode);
        Assert.Single(output.Split('\n'));
        Assert.Contains(folder.Path, output);
    }

    [Fact]
    public void APackageThatWasNotRestoredIsOneSentence()
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output) = LoadInChild(("NUGET_PACKAGES", folder.Path));
        Assert.Equal(2, exitCode);
        Assert.Single(output.Split('\n'));
        Assert.Contains(folder.Path, output);
        Assert.Contains("dotnet restore", output);
        Assert.Contains("dotnet package download libtorch-", output);
        Assert.Contains($"--output {folder.Path}'", output);
    }

    [Fact]
    public void ACorruptLibtorchIsOneSentence()
    {
        using TemporaryFolder folder = new();
        foreach (string library in (string[])["c10", "torch_cpu", "torch"])
        {
            string name = OperatingSystem.IsWindows() ? library + ".dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";
            File.WriteAllText(Path.Combine(folder.Path, name), "not a library");
        }

        (int exitCode, string output) = LoadInChild(("ASHLAR_LIBTORCH", folder.Path));
        Assert.Equal(2, exitCode);
        Assert.Single(output.Split('\n'));
        Assert.Contains("damaged", output);
    }

    [Fact]
    public void ACleanProcessLoadsWithTheLibrariesAsTheyAre()
    {
        // A fresh home: what this user's cache folder holds already must not be needed.
        using TemporaryFolder folder = new();
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        (int exitCode, string output) = LoadInChild(("HOME", folder.Path), ("XDG_DATA_HOME", folder.Path), ("NUGET_PACKAGES", packages));
        Assert.Equal(0, exitCode);
        Assert.StartsWith("loaded ", output);
    }

    private static (int ExitCode, string Output) LoadInChild(params (string Name, string Value)[] variables)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(TorchRuntimeTests).Assembly.Location);
        start.Environment[TorchSetup.ProbeVariable] = "1";
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;
        using Process child = Process.Start(start)!;
        Task<string> error = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        Assert.True(child.WaitForExit(60_000), "The child process did not end.");
        return (child.ExitCode, (output + error.Result).Trim());
    }
}
