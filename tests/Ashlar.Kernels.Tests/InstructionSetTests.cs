using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels.Tests;

/// <summary>Runs this project's tests again in a process that is denied part of the instruction set.</summary>
public sealed class InstructionSetTests
{
    private const string Marker = "ASHLAR_KERNELS_WITHOUT";

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public async Task The_same_tests_pass_without(string setting)
    {
        if (Environment.GetEnvironmentVariable(Marker) is not null)
            return;
        string dll = typeof(InstructionSetTests).Assembly.Location;
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(dll);

        start.ArgumentList.Add("--progress");
        start.ArgumentList.Add("off");
        start.Environment[setting] = "0";
        start.Environment[Marker] = setting;
        using Process process = Process.Start(start)!;
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        Assert.True(process.ExitCode == 0, $"{setting}=0: exit code {process.ExitCode}\n{await output}\n{await errors}");
    }

    [Fact]
    public void The_child_really_lacks_the_instructions()
    {
        switch (Environment.GetEnvironmentVariable(Marker))
        {
            case "DOTNET_EnableAVX512":
                Assert.False(Vector512.IsHardwareAccelerated);
                break;
            case "DOTNET_EnableAVX2":
                Assert.False(Vector256.IsHardwareAccelerated);
                break;
            case "DOTNET_EnableHWIntrinsic":
                Assert.False(Vector128.IsHardwareAccelerated);
                break;
            default:
                // In the parent the widest form that this machine has must be the one under test.
                Assert.Equal(System.Runtime.Intrinsics.X86.Avx512F.IsSupported, Vector512.IsHardwareAccelerated);
                break;
        }
    }
}
